#pragma once

/// Clean-up that is awaited on every way out, as `async with` of Python.
///
///     co_await with_closing(mysql::connect(loop, options), [&](mysql::connection& db) -> awaitable<> {
///         co_await db.query("INSERT INTO visit VALUES (?)", name);
///     });                                          // here `db.close()` has been awaited
///
/// The clean-up runs when the body has returned, has thrown, or was cancelled. In the last case it runs
/// although the coroutine is cancelled: shielded, within a limit of time of its own, after which it is
/// cancelled in turn and awaited; that is `condition::timeout`. Only a loop that is destroyed in the middle
/// runs no clean-up: then there are destructors.
///
/// **If both throw, the body's exception is thrown on**, for it is the cause more often than not. What the
/// clean-up threw is not lost: `cleanup_options::when_hidden` is called with it, and the text of an
/// `oneloop::error` of the body tells of it as well ("…; and the clean-up failed: …").
///
/// If the body succeeds and its coroutine is cancelled while the clean-up runs, the cancellation came too
/// late: the value is given, and the caller's next `co_await` throws.
///
/// `body` and `cleanup` may be lambdas that capture by reference; give what they have to own as `args`,
/// because g++ 12.2 destroys a lambda's own captures twice in a `co_await` expression.

#include <oneloop/awaitable.hpp>

#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace oneloop {

class cleanup_options {
public:
    cleanup_options() = default; // 10 s

    /// How long the clean-up may take.
    cleanup_options& limit(std::chrono::steady_clock::duration most) { return limit_ = most, *this; }

    /// Called with what the clean-up threw when the body's own exception hides it; for a log. It must not
    /// throw.
    cleanup_options& when_hidden(std::function<void(std::exception_ptr)> told) {
        return when_hidden_ = std::move(told), *this;
    }

    std::chrono::steady_clock::duration limit() const noexcept { return limit_; }
    const std::function<void(std::exception_ptr)>& when_hidden() const noexcept { return when_hidden_; }

private:
    std::chrono::steady_clock::duration limit_ = std::chrono::seconds(10);
    std::function<void(std::exception_ptr)> when_hidden_;
};

/// Anything with a `close()` that can be awaited: clients, connections, pools, generators.
template <class T>
concept closable = std::move_constructible<T> && requires(T& resource) {
    { resource.close() } -> std::same_as<awaitable<void>>;
};

namespace detail {

// Runs the clean-up whatever has become of the coroutine that awaits it, and throws what is to be thrown on:
// what the body threw, or else the clean-up. To be awaited with throw_if_cancelled(false).
awaitable<void> clean_up(
    cleanup_options how, std::function<awaitable<void>()> make, std::exception_ptr failed
);

template <class Function, class... Args>
using awaited_of = typename std::invoke_result_t<Function&, Args...>::value_type;

// `throws`: what throw_if_cancelled is set to before the body; it has to be false for whoever awaits this in
// a coroutine that may be cancelled by now.
template <class Body, class Cleanup, class... Args>
awaitable<awaited_of<Body, Args&...>> cleaned_up(
    std::optional<bool> throws, cleanup_options how, Body body, Cleanup cleanup, Args... args
) {
    using value_type = awaited_of<Body, Args&...>;
    constexpr bool gives_nothing = std::is_void_v<value_type>;
    std::optional<std::conditional_t<gives_nothing, std::monostate, value_type>> value;
    std::exception_ptr failed;
    if (throws)
        co_await this_coro::throw_if_cancelled(*throws);
    try {
        auto made = std::invoke(body, args...);
        if constexpr (gives_nothing) {
            co_await std::move(made);
        } else {
            auto given = co_await std::move(made);
            value.emplace(std::move(given));
        }
    } catch (...) {
        failed = std::current_exception();
    }
    const bool throws_after = co_await this_coro::throw_if_cancelled();
    co_await this_coro::throw_if_cancelled(false);
    std::function<awaitable<void>()> make = [&] { return std::invoke(cleanup, args...); };
    std::exception_ptr thrown;
    try {
        co_await clean_up(std::move(how), std::move(make), std::move(failed));
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await this_coro::throw_if_cancelled(throws_after);
    if (thrown)
        std::rethrow_exception(thrown);
    if constexpr (!gives_nothing)
        co_return std::move(*value);
}

template <class Body>
struct body_with_resource {
    Body body;

    template <class Resource, class... Args>
    auto operator()(Resource& resource, Args&... args) {
        return std::invoke(body, resource, std::move(args)...);
    }
};

struct closing {
    template <class Resource, class... Args>
    awaitable<void> operator()(Resource& resource, Args&...) const {
        return resource.close();
    }
};

template <class Resource, class Body, class... Args>
awaitable<awaited_of<Body, Resource&, Args...>> opened_and_closed(
    cleanup_options how, awaitable<Resource> opening, Body body, Args... args
) {
    auto resource = co_await std::move(opening);
    // Open, it is closed, should this coroutine have been cancelled in that very moment
    const bool throws = co_await this_coro::throw_if_cancelled();
    co_await this_coro::throw_if_cancelled(false);
    body_with_resource<Body> work{std::move(body)};
    auto scoped = cleaned_up(
        throws, std::move(how), std::move(work), closing(), std::move(resource), std::move(args)...
    );
    co_return co_await std::move(scoped);
}

} // namespace detail

/// Owns `args`, awaits `body(args&…)`, then `cleanup(args&…)`, and gives what the body gave. Both get
/// references to the same objects. `cleanup` gives an `awaitable<>`.
template <class Body, class Cleanup, class... Args>
requires std::is_invocable_v<Body&, Args&...> &&
    std::is_invocable_r_v<awaitable<void>, Cleanup&, Args&...> [[nodiscard]] auto
    with_cleanup(cleanup_options how, Body body, Cleanup cleanup, Args... args) {
    return detail::cleaned_up(
        std::nullopt, std::move(how), std::move(body), std::move(cleanup), std::move(args)...
    );
}

template <class Body, class Cleanup, class... Args>
requires std::is_invocable_v<Body&, Args&...> &&
    std::is_invocable_r_v<awaitable<void>, Cleanup&, Args&...> [[nodiscard]] auto
    with_cleanup(Body body, Cleanup cleanup, Args... args) {
    return with_cleanup(cleanup_options(), std::move(body), std::move(cleanup), std::move(args)...);
}

/// Owns `resource`, awaits `body(resource&, args…)`, then `resource.close()`, and gives what the body gave:
///
///     co_await with_closing(http::client(loop), [&](http::client& http) -> awaitable<> { … });
///
/// The resource is moved in; its destructor runs when it has been closed.
template <closable Resource, class Body, class... Args>
requires std::is_invocable_v<Body&, Resource&, Args...>
[[nodiscard]] auto with_closing(cleanup_options how, Resource resource, Body body, Args... args) {
    return detail::cleaned_up(
        std::nullopt, std::move(how), detail::body_with_resource<Body>{std::move(body)}, detail::closing(),
        std::move(resource), std::move(args)...
    );
}

template <closable Resource, class Body, class... Args>
requires std::is_invocable_v<Body&, Resource&, Args...>
[[nodiscard]] auto with_closing(Resource resource, Body body, Args... args) {
    return with_closing(cleanup_options(), std::move(resource), std::move(body), std::move(args)...);
}

/// The same with a resource that has to be awaited first, `with_closing(mysql::connect(loop, options),
/// body)`. If opening it throws, this throws the same, and there is nothing to close.
template <closable Resource, class Body, class... Args>
requires std::is_invocable_v<Body&, Resource&, Args...>
[[nodiscard]] auto with_closing(cleanup_options how, awaitable<Resource> opening, Body body, Args... args) {
    return detail::opened_and_closed(std::move(how), std::move(opening), std::move(body), std::move(args)...);
}

template <closable Resource, class Body, class... Args>
requires std::is_invocable_v<Body&, Resource&, Args...>
[[nodiscard]] auto with_closing(awaitable<Resource> opening, Body body, Args... args) {
    return with_closing(cleanup_options(), std::move(opening), std::move(body), std::move(args)...);
}

} // namespace oneloop
