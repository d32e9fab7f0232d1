#pragma once

#include "tests/support/loop_watch.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <type_traits>

namespace oneloop::testing {

/// Runs `body` to its end on `loop`, handler by handler, watched; throws what it throws. Throws
/// std::runtime_error if it has not ended within `limit`, if a handler stalled the loop, or if 5 s after its
/// end the loop still has work.
void run_on_test_loop(
    boost::asio::io_context& loop, awaitable<void> body, std::chrono::steady_clock::duration limit,
    std::chrono::steady_clock::duration stall_limit
);

/// Runs a test written as a coroutine: `run_test([&]() -> awaitable<> { … });`
template <class Body>
void run_test(
    Body body, std::chrono::steady_clock::duration limit = std::chrono::seconds(60),
    std::chrono::steady_clock::duration stall_limit = loop_watch::default_limit()
) {
    boost::asio::io_context loop(1);
    if constexpr (std::is_invocable_v<Body>)
        run_on_test_loop(loop, body(), limit, stall_limit);
    else
        run_on_test_loop(loop, std::move(body), limit, stall_limit);
}

/// What a coroutine threw, or null. (g++ 12 forbids a co_await inside of CHECK_THROWS.)
template <class T>
awaitable<std::exception_ptr> caught(awaitable<T> operation) {
    std::exception_ptr why;
    try {
        co_await std::move(operation);
    } catch (...) {
        why = std::current_exception();
    }
    co_return why;
}

/// The story that an exception tells; of a plain system_error only the code. Throws on what is neither, and
/// fails for null.
failure failure_of(const std::exception_ptr& why);

} // namespace oneloop::testing
