#pragma once

/// The completion tokens of the library. Every operation takes one as its last parameter:
///
///     response r = co_await http.get(url);                 // throwing, the default: the value, or
///     oneloop::error result<response> r = co_await http.get(url, nothrow); // the value or the failure, no
///     exception http.get(url, [](error_code ec, response r) { … });  // any token of Asio: callback,
///     use_future, deferred … http.get(url, with_failure(story, token));           // any token, and the
///     whole story beside its error_code

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/story.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <memory>
#include <tuple>

namespace oneloop {

/// `co_await` gives the value or throws `oneloop::error`. The result is an `awaitable<T>`.
struct throwing_t {};
inline constexpr throwing_t throwing;

/// `co_await` gives a `result<T>`. The result is an `awaitable<result<T>>`.
struct nothrow_t {};
inline constexpr nothrow_t nothrow;

/// A token that does what `token` does and also writes the story of a failure into `story`, which must live
/// until the operation has completed.
template <class Token>
auto with_failure(failure& story, Token&& token) {
    return detail::with_story<std::decay_t<Token>>{&story, std::forward<Token>(token)};
}

namespace detail {

// A deferred operation that completes with std::tuple<error_code, T…>. Made in a plain function, because
// g++ 12.2 destroys the captures of an initiation made inside a coroutine twice.
template <class Signature, class Init, class... Args>
auto tell_later(failure& story, Init init, Args... args) {
    using token_type = with_story<boost::asio::as_tuple_t<boost::asio::deferred_t>>;
    token_type token{&story, boost::asio::as_tuple(boost::asio::deferred)};
    return boost::asio::async_initiate<token_type, Signature>(std::move(init), token, std::move(args)...);
}

// Operations that know no more than a code leave the story empty: the code is then all there is to tell.
inline failure complete_story(failure story, error_code code) {
    if (story.code() != code)
        return failure(code);
    return story;
}

template <class T>
struct await_as {
    using value_type = awaitable<T>;
    using result_type = awaitable<result<T>>;

    template <class Init, class... Args>
    static awaitable<result<T>> result_of(Init init, Args... args) {
        failure story;
        auto operation = tell_later<void(error_code, T)>(story, std::move(init), std::move(args)...);
        auto [code, value] = co_await std::move(operation);
        if (code)
            co_return complete_story(std::move(story), code);
        co_return std::move(value);
    }

    template <class Init, class... Args>
    static awaitable<T> value_of(Init init, Args... args) {
        failure story;
        auto operation = tell_later<void(error_code, T)>(story, std::move(init), std::move(args)...);
        auto [code, value] = co_await std::move(operation);
        if (code)
            throw error(complete_story(std::move(story), code));
        co_return std::move(value);
    }
};

template <>
struct await_as<void> {
    using value_type = awaitable<void>;
    using result_type = awaitable<result<void>>;

    template <class Init, class... Args>
    static awaitable<result<void>> result_of(Init init, Args... args) {
        failure story;
        auto operation = tell_later<void(error_code)>(story, std::move(init), std::move(args)...);
        auto [code] = co_await std::move(operation);
        if (code)
            co_return complete_story(std::move(story), code);
        co_return result<void>();
    }

    template <class Init, class... Args>
    static awaitable<void> value_of(Init init, Args... args) {
        failure story;
        auto operation = tell_later<void(error_code)>(story, std::move(init), std::move(args)...);
        auto [code] = co_await std::move(operation);
        if (code)
            throw error(complete_story(std::move(story), code));
    }
};

template <class... T>
using await_result = await_as<std::tuple_element_t<0, std::tuple<T..., void>>>;

} // namespace detail
} // namespace oneloop

template <class... T>
struct boost::asio::async_result<oneloop::throwing_t, void(oneloop::error_code, T...)> {
    // Boost 1.81's bind_cancellation_slot asks for it
    using return_type = typename oneloop::detail::await_result<T...>::value_type;

    template <class Init, class... Args>
    static auto initiate(Init&& init, oneloop::throwing_t, Args&&... args) {
        return oneloop::detail::await_result<T...>::value_of(
            std::decay_t<Init>(std::forward<Init>(init)), std::decay_t<Args>(std::forward<Args>(args))...
        );
    }
};

template <class... T>
struct boost::asio::async_result<oneloop::nothrow_t, void(oneloop::error_code, T...)> {
    using return_type = typename oneloop::detail::await_result<T...>::result_type;

    template <class Init, class... Args>
    static auto initiate(Init&& init, oneloop::nothrow_t, Args&&... args) {
        return oneloop::detail::await_result<T...>::result_of(
            std::decay_t<Init>(std::forward<Init>(init)), std::decay_t<Args>(std::forward<Args>(args))...
        );
    }
};
