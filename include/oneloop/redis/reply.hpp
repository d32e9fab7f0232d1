#pragma once

/// From an answer to the type that the caller wants: `reply_as<T>` for each T that `command<T>` may give.
///
/// | T                                   | from                                            |
/// | ----------------------------------- | ----------------------------------------------- |
/// | `value`                             | everything                                      |
/// | `std::string`                       | text, status, number                            |
/// | integers, `double`                  | a number, or a text that is one                 |
/// | `bool`                              | 1 and 0, "OK"                                   |
/// | `void`                              | everything; only an error of the server counts  |
/// | `std::optional<T>`                  | nil, or whatever gives a T                      |
/// | `std::vector<T>` and other sequences, sets | an array                                 |
/// | `std::map<K, V>`, `unordered_map`   | an array of keys and values in turn             |
/// | `std::pair<A, B>`, `std::tuple<…>`  | an array of exactly so many                     |
///
/// Specialise `reply_as` for a type of your own; what it throws becomes `errc::unexpected_reply` with its
/// text.

#include <oneloop/redis/error.hpp>
#include <oneloop/redis/value.hpp>

#include <concepts>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
#include <utility>

namespace oneloop::redis {

namespace detail {

failure unexpected(const value& got, std::string_view wanted);
result<std::int64_t> integer_of(const value&);
result<double> number_of(const value&);
result<bool> truth_of(const value&);
result<std::string> text_of(value);
std::string shown_text(const value& error);

template <class T>
concept map_like = std::ranges::range<T> && requires {
    typename T::key_type;
    typename T::mapped_type;
};
template <class T>
concept sequence_like = std::ranges::range<T> && !map_like<T> && requires(T t, typename T::value_type item) {
    t.insert(t.end(), std::move(item));
};

} // namespace detail

template <class T>
struct reply_as;

template <class T>
result<T> from_reply(value v) {
    // An error among the items of an array, as EXEC and scripts give them, is no value
    if (v.what() == value::kind::error && !std::is_same_v<T, value>)
        return failure(code_of(v.text()))
            .in(phase::receive)
            .ended(outcome::answered)
            .because(detail::shown_text(v));
    try {
        return reply_as<T>::from(std::move(v));
    } catch (const std::exception& e) { // of a type of the caller's own; it must not go through hiredis
        return failure(errc::unexpected_reply).in(phase::receive).ended(outcome::answered).because(e.what());
    }
}

template <>
struct reply_as<value> {
    static result<value> from(value v) { return v; }
};

template <>
struct reply_as<void> {
    static result<void> from(const value&) { return {}; }
};

template <>
struct reply_as<std::string> {
    static result<std::string> from(value v) { return detail::text_of(std::move(v)); }
};

template <>
struct reply_as<bool> {
    static result<bool> from(const value& v) { return detail::truth_of(v); }
};

template <std::integral T>
struct reply_as<T> {
    static result<T> from(const value& v) {
        auto number = detail::integer_of(v);
        if (number.has_error())
            return std::move(number).error();
        if (!std::in_range<T>(*number))
            return detail::unexpected(v, "a number that fits its type");
        return static_cast<T>(*number);
    }
};

template <std::floating_point T>
struct reply_as<T> {
    static result<T> from(const value& v) {
        auto number = detail::number_of(v);
        if (number.has_error())
            return std::move(number).error();
        return static_cast<T>(*number);
    }
};

template <class T>
struct reply_as<std::optional<T>> {
    static result<std::optional<T>> from(value v) {
        if (v.is_nil())
            return std::optional<T>();
        auto inner = from_reply<T>(std::move(v));
        if (inner.has_error())
            return std::move(inner).error();
        return std::optional<T>(std::move(*inner));
    }
};

template <detail::sequence_like T>
requires(!std::is_same_v<T, std::string>) struct reply_as<T> {
    static result<T> from(value v) {
        if (v.what() != value::kind::array)
            return detail::unexpected(v, "an array");
        T all;
        for (value& item : v.items()) {
            auto one = from_reply<typename T::value_type>(std::move(item));
            if (one.has_error())
                return std::move(one).error();
            all.insert(all.end(), std::move(*one));
        }
        return all;
    }
};

template <detail::map_like T>
struct reply_as<T> {
    static result<T> from(value v) {
        if (v.what() != value::kind::array || v.items().size() % 2 != 0)
            return detail::unexpected(v, "keys and values in turn");
        T all;
        for (std::size_t i = 0; i < v.items().size(); i += 2) {
            auto key = from_reply<typename T::key_type>(std::move(v.items()[i]));
            if (key.has_error())
                return std::move(key).error();
            auto mapped = from_reply<typename T::mapped_type>(std::move(v.items()[i + 1]));
            if (mapped.has_error())
                return std::move(mapped).error();
            all.emplace(std::move(*key), std::move(*mapped));
        }
        return all;
    }
};

namespace detail {

template <class Tuple, std::size_t... I>
result<Tuple> tuple_of(value v, std::index_sequence<I...>) {
    if (v.what() != value::kind::array || v.items().size() != sizeof...(I))
        return unexpected(v, "an array of " + std::to_string(sizeof...(I)));
    Tuple all;
    failure why;
    auto take = [&](auto& place, value& item) {
        auto one = from_reply<std::remove_reference_t<decltype(place)>>(std::move(item));
        if (one.has_error())
            why = std::move(one).error();
        else
            place = std::move(*one);
        return !why.code();
    };
    if (!(take(std::get<I>(all), v.items()[I]) && ...))
        return why;
    return all;
}

} // namespace detail

template <class A, class B>
struct reply_as<std::pair<A, B>> {
    static result<std::pair<A, B>> from(value v) {
        return detail::tuple_of<std::pair<A, B>>(std::move(v), std::make_index_sequence<2>());
    }
};

template <class... T>
struct reply_as<std::tuple<T...>> {
    static result<std::tuple<T...>> from(value v) {
        return detail::tuple_of<std::tuple<T...>>(std::move(v), std::index_sequence_for<T...>());
    }
};

} // namespace oneloop::redis
