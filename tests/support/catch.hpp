#pragma once

// Catch2 3 where there is one, else 2; and what a failing CHECK shows of our own types.

#include <oneloop/error.hpp>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace oneloop::testing {

/// A matcher: `CHECK_THAT(text, containing("phase connect"))`. The two versions of Catch2 name it
/// differently.
inline auto containing(const std::string& part) {
#if __has_include(<catch2/catch_all.hpp>)
    return Catch::Matchers::ContainsSubstring(part);
#else
    return Catch::Matchers::Contains(part);
#endif
}

} // namespace oneloop::testing

template <>
struct Catch::StringMaker<oneloop::failure> {
    static std::string convert(const oneloop::failure& f) { return f.message(); }
};

// Boost's own way to print a result asks for operator<< of the value.
template <class T>
struct Catch::StringMaker<oneloop::result<T>> {
    static std::string convert(const oneloop::result<T>& r) {
        return r.has_value() ? "a value" : r.error().message();
    }
};

template <>
struct Catch::StringMaker<boost::system::error_code> {
    static std::string convert(const boost::system::error_code& c) {
        return std::string(c.category().name()) + ":" + std::to_string(c.value()) + " (" + c.message() + ")";
    }
};

template <>
struct Catch::StringMaker<oneloop::condition> {
    static std::string convert(oneloop::condition c) {
        return "condition \"" + make_error_condition(c).message() + '"';
    }
};

template <>
struct Catch::StringMaker<oneloop::phase> {
    static std::string convert(oneloop::phase p) { return "phase " + std::string(to_string(p)); }
};

template <>
struct Catch::StringMaker<oneloop::outcome> {
    static std::string convert(oneloop::outcome o) { return std::string(to_string(o)); }
};
