#pragma once

/// How the story of a failure travels beside a plain error_code: a handler may have an associated `failure*`,
/// found through as_tuple, bind_executor and the other adapters by Asio's own associator protocol. The
/// initiating function takes it from the handler before the handler's type is erased; the operation fills it
/// when it fails.

#include <oneloop/error.hpp>

#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>

#include <utility>

namespace oneloop::detail {

template <class Handler, class Default = failure*>
struct associated_story {
    using type = failure*;
    static failure* get(const Handler& handler, const Default& fallback = Default()) noexcept {
        using via_adapter = boost::asio::associator<oneloop::detail::associated_story, Handler, Default>;
        if constexpr (requires { via_adapter::get(handler, fallback); })
            return via_adapter::get(handler, fallback);
        else
            return fallback;
    }
};

template <class Handler>
failure* story_of(const Handler& handler) noexcept {
    return associated_story<Handler>::get(handler, nullptr);
}

/// The token: what `Token` does, with a place for the story.
template <class Token>
struct with_story {
    failure* story;
    Token token;
};

template <class Handler>
struct story_handler {
    failure* story;
    Handler handler;

    template <class... Args>
    void operator()(Args&&... args) {
        std::move(handler)(std::forward<Args>(args)...);
    }
};

template <class Init>
struct story_initiation {
    failure* story;
    Init init;

    template <class Handler, class... Args>
    void operator()(Handler&& handler, Args&&... args) && {
        std::move(init
        )(story_handler<std::decay_t<Handler>>{story, std::forward<Handler>(handler)},
          std::forward<Args>(args)...);
    }
    template <class Handler, class... Args>
    void operator()(Handler&& handler, Args&&... args) const& {
        story_initiation (*this)(std::forward<Handler>(handler), std::forward<Args>(args)...);
    }
};

// Boost 1.81's bind_cancellation_slot asks for it, and not every token has it.
template <class Result>
struct same_return_type {};
template <class Result>
requires requires {
    typename Result::return_type;
}
struct same_return_type<Result> {
    using return_type = typename Result::return_type;
};

} // namespace oneloop::detail

// By way of Associator itself, as Asio's adapters do: what bind_executor and bind_cancellation_slot bind is
// found there only.
template <template <class, class> class Associator, class Handler, class Default>
struct boost::asio::associator<Associator, oneloop::detail::story_handler<Handler>, Default>
    : Associator<Handler, Default> {
    static auto get(const oneloop::detail::story_handler<Handler>& h) noexcept {
        return Associator<Handler, Default>::get(h.handler);
    }
    static auto get(const oneloop::detail::story_handler<Handler>& h, const Default& d) noexcept {
        return Associator<Handler, Default>::get(h.handler, d);
    }
};

template <class Handler, class Default>
struct boost::asio::associator<
    oneloop::detail::associated_story, oneloop::detail::story_handler<Handler>, Default> {
    using type = oneloop::failure*;
    static type get(const oneloop::detail::story_handler<Handler>& h, const Default& = Default()) noexcept {
        return h.story;
    }
};

template <class Token, class... Signatures>
struct boost::asio::async_result<oneloop::detail::with_story<Token>, Signatures...>
    : oneloop::detail::same_return_type<boost::asio::async_result<Token, Signatures...>> {
    template <class Init, class RawToken, class... Args>
    static auto initiate(Init&& init, RawToken&& with, Args&&... args) {
        auto token = std::forward<RawToken>(with).token;
        return boost::asio::async_initiate<Token, Signatures...>(
            oneloop::detail::story_initiation<std::decay_t<Init>>{with.story, std::forward<Init>(init)},
            token, std::forward<Args>(args)...
        );
    }
};
