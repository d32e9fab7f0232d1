#include "core/loop_timer.hpp"
#include "core/words.hpp"
#include <oneloop/deadline.hpp>
#include <oneloop/timeout.hpp>

namespace oneloop::detail {

awaitable<bool> join_within(
    std::chrono::steady_clock::duration limit, std::shared_ptr<nursery> parent,
    std::shared_ptr<child> operation
) {
    loop_timer timer(parent->loop());
    auto expired = std::make_shared<bool>(false);
    timer.expires_at(deadline::in(limit));
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

failure timed_out(std::chrono::steady_clock::duration limit, const failure& how_it_ended) {
    return failure(errc::timed_out)
        .in(how_it_ended.phase())
        .ended(how_it_ended.outcome())
        .doing(how_it_ended.doing())
        .limit("timeout " + in_words(limit));
}

void throw_timed_out(std::chrono::steady_clock::duration limit, const std::exception_ptr& how_it_ended) {
    throw error(timed_out(limit, story_of(how_it_ended)));
}

} // namespace oneloop::detail
