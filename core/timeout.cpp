#include "core/words.hpp"
#include <oneloop/deadline.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/steady_timer.hpp>

namespace oneloop::detail {

awaitable<bool> join_within(
    std::chrono::steady_clock::duration limit, std::shared_ptr<nursery> parent,
    std::shared_ptr<child> operation
) {
    boost::asio::steady_timer timer(parent->loop());
    auto expired = std::make_shared<bool>(false);
    timer.expires_at(deadline::in(limit).at());
    timer.async_wait([operation, expired](error_code stopped) {
        if (!stopped) {
            *expired = true;
            operation->cancel();
        }
    });
    co_await nursery::join(parent);
    co_return *expired;
}

namespace {

// What the operation itself told of its end; nothing if it was cancelled without a word.
failure story_of(const std::exception_ptr& how_it_ended) {
    try {
        std::rethrow_exception(how_it_ended);
    } catch (const error& known) {
        return known.failure();
    } catch (...) {
        return {};
    }
}

} // namespace

void throw_timed_out(std::chrono::steady_clock::duration limit, const std::exception_ptr& how_it_ended) {
    const failure last = story_of(how_it_ended);
    throw error(failure(errc::timed_out)
                    .in(last.phase())
                    .ended(last.outcome())
                    .doing(last.doing())
                    .limit("timeout " + in_words(limit)));
}

} // namespace oneloop::detail
