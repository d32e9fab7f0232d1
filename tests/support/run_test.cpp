#include "tests/support/run_test.hpp"

#include <boost/asio/co_spawn.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace oneloop::testing {
namespace {

using clock = std::chrono::steady_clock;

// The work that the test has left may be on its way out, as handlers of a client that was destroyed are.
bool out_of_work(boost::asio::io_context& loop, loop_watch& watch) {
    const auto end = clock::now() + std::chrono::seconds(5);
    while (!loop.stopped() && clock::now() < end)
        watch.run_one(loop, end - clock::now());
    return loop.stopped();
}

} // namespace

void run_on_test_loop(
    boost::asio::io_context& loop, awaitable<void> body, clock::duration limit, clock::duration stall_limit
) {
    loop_watch watch(stall_limit);
    std::optional<std::exception_ptr> ended;
    boost::asio::co_spawn(loop, std::move(body), [&ended](std::exception_ptr why) { ended = why; });

    const auto end = clock::now() + limit;
    while (!ended && clock::now() < end) // a coroutine is work: the loop does not stop before
        watch.run_one(loop, end - clock::now());
    if (!ended)
        throw std::runtime_error(
            "the test had not ended after " + std::to_string(limit / std::chrono::seconds(1)) + " s"
        );

    const bool clean = out_of_work(loop, watch);
    if (*ended)
        std::rethrow_exception(*ended);
    if (!clean)
        throw std::runtime_error("left over work: 5 s after the test's end the loop still waits for something"
        );
    watch.check();
}

failure failure_of(const std::exception_ptr& why) {
    if (!why)
        throw std::runtime_error("a failure was expected, but there was none");
    try {
        std::rethrow_exception(why);
    } catch (const error& told) {
        return told.failure();
    } catch (const boost::system::system_error& coded) {
        return failure(coded.code());
    }
}

} // namespace oneloop::testing
