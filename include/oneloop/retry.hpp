#pragma once

/// Trying again what failed, when that is safe.
///
///     auto page = co_await retry(retry_policy().attempts(5).idempotent(), [&](std::string url) {
///         return http.get(url);
///     }, url);

#include <oneloop/awaitable.hpp>
#include <oneloop/deadline.hpp>
#include <oneloop/error.hpp>
#include <oneloop/retry_policy.hpp>
#include <oneloop/sleep.hpp>
#include <oneloop/timeout.hpp>

#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace oneloop {

namespace detail {

// What a thrown attempt tells; nothing if it is none of ours, which is never repeated.
std::optional<failure> failure_to_judge(const std::exception_ptr& thrown);
std::optional<deadline::clock::duration> pause_after(retry_course&, const failure&);
[[noreturn]] void throw_last(const retry_course&, const std::exception_ptr& thrown);
failure last_of(const retry_course&, failure why);

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

template <class Fn, class... Args>
using attempted = typename std::invoke_result_t<Fn&, Args...>::value_type;

} // namespace detail

/// Awaits `fn(args…)`, and again with fresh copies of `args` as long as it fails and `policy` allows, after a
/// pause each time. Gives the first value; throws the last failure, whose text says how many attempts were
/// made. With an `fn` that gives an `awaitable<result<T>>` (`http.get(url, nothrow)`), the result holds it.
///
/// An exception that is neither `oneloop::error` nor a `system_error` is thrown on at once. Of a plain
/// `system_error` nobody knows what became of the request: it is repeated if that is `idempotent()`.
///
/// Cancelling ends it at once, in a pause as well, with `condition::cancelled`. `total_time` cancels and
/// awaits the attempt that runs; the failure is then `condition::timeout` with the outcome that the attempt
/// reported. `fn` may be a lambda that captures by reference.
template <class Fn, class... Args>
requires std::is_invocable_v<Fn&, Args...> &&(std::copy_constructible<Args>&&...)
    [[nodiscard]] awaitable<detail::attempted<Fn, Args...>> retry(retry_policy policy, Fn fn, Args... args) {
    using value_type = detail::attempted<Fn, Args...>;
    retry_course course(std::move(policy), deadline::clock::now());
    for (;;) {
        std::exception_ptr thrown;
        std::optional<failure> why;
        const auto left = course.until().remaining(deadline::clock::now());
        try {
            auto attempt = timeout(left, std::invoke(fn, Args(args)...));
            if constexpr (std::is_void_v<value_type>) {
                co_await std::move(attempt);
                co_return;
            } else {
                auto value = co_await std::move(attempt);
                if constexpr (detail::is_result<value_type>) {
                    if (value.has_value())
                        co_return value;
                    why = value.error();
                } else {
                    co_return value;
                }
            }
        } catch (...) {
            thrown = std::current_exception();
            why = detail::failure_to_judge(thrown);
        }
        if (!why)
            std::rethrow_exception(thrown);
        const auto pause = detail::pause_after(course, *why);
        if (!pause) {
            if (thrown)
                detail::throw_last(course, thrown);
            if constexpr (detail::is_result<value_type>)
                co_return detail::last_of(course, std::move(*why));
        }
        co_await sleep_for(*pause);
    }
}

} // namespace oneloop
