#pragma once

#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/task_state.hpp>

#include <chrono>

namespace oneloop {

namespace detail {
// Runs the child to its end, which is asked for after `limit`. True if the limit was what ended it.
awaitable<bool>
join_within(std::chrono::steady_clock::duration limit, std::shared_ptr<nursery>, std::shared_ptr<child>);
[[noreturn]] void throw_timed_out(
    std::chrono::steady_clock::duration limit, const std::exception_ptr& how_it_ended
);
failure timed_out(std::chrono::steady_clock::duration limit, const failure& how_it_ended);

template <class T>
T told_in_time(std::chrono::steady_clock::duration, T value) {
    return value;
}
// An operation with `nothrow` tells of its cancellation in its result
template <class T>
result<T> told_in_time(std::chrono::steady_clock::duration limit, result<T> value) {
    if (value.has_error() && value.error() == condition::cancelled)
        return timed_out(limit, value.error());
    return value;
}
} // namespace detail

/// Runs `operation`, and cancels it after `limit`: `auto page = co_await timeout(2s, http.get(url));`
///
/// The operation is always awaited: when this completes, nothing of it runs any more. If it was cancelled by
/// the limit, `oneloop::error` with `condition::timeout` is thrown, which keeps the phase and the outcome
/// that the operation itself reported. If it completed or failed by itself in the same instant, that counts.
/// With `nothrow` (`timeout(2s, http.get(url, nothrow))`) the result holds that failure in place of a throw.
/// Zero or less: its first wait is cancelled. Cancelling this cancels the operation.
template <class T>
[[nodiscard]] awaitable<T> timeout(std::chrono::steady_clock::duration limit, awaitable<T> operation) {
    auto nursery = std::make_shared<detail::nursery>(co_await this_coro::executor, 1);
    auto state = std::make_shared<detail::task_state<T>>(nursery->loop());
    auto child = nursery->start(
        detail::task_state<T>::fill(state, std::move(operation)),
        [state](std::exception_ptr why) { state->end(std::move(why)); }
    );
    const bool expired = co_await detail::join_within(limit, nursery, child);
    if (expired && is_cancellation(state->failed_with()))
        detail::throw_timed_out(limit, state->failed_with());
    if constexpr (std::is_void_v<T>) {
        state->take();
    } else {
        if (expired)
            co_return detail::told_in_time(limit, state->take());
        co_return state->take();
    }
}

} // namespace oneloop
