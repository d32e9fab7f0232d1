#pragma once

#include <oneloop/awaitable.hpp>

#include <chrono>

namespace oneloop {

/// Waits for `duration` while other coroutines run; zero or less gives them one turn. Cancellation ends it at
/// once with `condition::cancelled`. `auto v = co_await sleep_for(2s, 7)` waits and gives 7.
[[nodiscard]] awaitable<void> sleep_for(std::chrono::steady_clock::duration duration);

template <class T>
[[nodiscard]] awaitable<T> sleep_for(std::chrono::steady_clock::duration duration, T value) {
    co_await sleep_for(duration);
    co_return value;
}

} // namespace oneloop
