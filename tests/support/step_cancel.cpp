#include "tests/support/step_cancel.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>

namespace oneloop::testing {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience(10);

// One round; true if the operation completed before it was to be cancelled.
bool cancel_after(std::size_t steps, const start_function& start, const step_cancel_options& options) {
    INFO("cancelled after handler " << steps);
    loop_watch watch;
    step_result result;
    boost::asio::cancellation_signal signal;
    boost::asio::io_context loop(1);
    auto alive = start(loop, result, signal.slot());
    REQUIRE(result.completions_ == 0); // never inside the initiating call

    for (std::size_t i = 0; i < steps && !result.completions_; ++i)
        if (!watch.run_one(loop, patience))
            break;
    const bool completed_before = result.completions_ != 0;
    if (!completed_before) {
        signal.emit(options.type_);
        const auto end = clock::now() + patience;
        while (!result.completions_ && !loop.stopped() && clock::now() < end)
            watch.run_one(loop, end - clock::now());
    }
    REQUIRE(result.completions_ == 1);
    if (result.unexpected_)
        std::rethrow_exception(result.unexpected_);
    const bool allowed =
        std::ranges::any_of(options.allowed_, [&](condition c) { return result.code_ == c; });
    if (result.code_ && (completed_before || !allowed))
        FAIL("it completed with " << result.code_.message());

    alive.reset();
    const auto end = clock::now() + patience;
    while (!loop.stopped() && clock::now() < end)
        watch.run_one(loop, end - clock::now());
    REQUIRE(loop.stopped()); // no work left over
    REQUIRE(result.completions_ == 1);
    watch.check();
    return completed_before;
}

} // namespace

void step_result::completed(const std::exception_ptr& why) {
    try {
        if (why)
            std::rethrow_exception(why);
        completed(error_code());
    } catch (const boost::system::system_error& coded) {
        completed(coded.code());
    } catch (...) {
        unexpected_ = why;
        completed(error_code());
    }
}

std::size_t step_through(const start_function& start, const step_cancel_options& options) {
    // The first rounds fill caches, such as Asio's of freed memory.
    std::size_t steps = 0;
    bool done = cancel_after(steps, start, options);
    resources before = resources_now();
    while (!done) {
        if (++steps > options.most_)
            FAIL("the operation had not completed after " << options.most_ << " handlers");
        done = cancel_after(steps, start, options);
        if (steps <= 3 && !done)
            before.heap = resources_now().heap;
        require_same_resources(before, options.heap_growth_);
    }
    return steps;
}

} // namespace oneloop::testing
