#pragma once

/// JSON both ways, by Boost.JSON. Not part of `oneloop/http.hpp`: a program that includes this links
/// `Boost::json`, or has `#include <boost/json/src.hpp>` in one of its files.
///
///     auto answer = co_await http.post(url, http::json(order));
///     auto receipt = http::parse_json<receipt_t>(answer.throw_for_status());
///
/// Classes are converted as Boost.JSON does it: those described by BOOST_DESCRIBE_STRUCT, containers,
/// std::optional, and whatever has `tag_invoke` functions of its own.

#include <oneloop/error.hpp>
#include <oneloop/http/body.hpp>
#include <oneloop/http/response.hpp>

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace oneloop::http {

/// The body of a request: application/json, which is UTF-8 always.
inline body json(const boost::json::value& what) {
    return {boost::json::serialize(what), "application/json"};
}
template <class T>
body json(const T& what) {
    return json(boost::json::value_from(what));
}

namespace detail {
inline error no_json(const response& r, const std::string& why) {
    return error(failure(errc::protocol_violation)
                     .in(phase::receive)
                     .ended(outcome::answered)
                     .doing(r.method() + " " + r.url())
                     .because("the body is no JSON as expected: " + why));
}
} // namespace detail

/// What the body of an answer says, whatever its Content-Type. Throws `error` with `condition::protocol` if
/// it is no JSON, or not that of a `T`. Nesting ends at 32 levels, as Boost.JSON has it.
template <class T = boost::json::value>
T parse_json(const response& answer) {
    boost::json::error_code code;
    boost::json::parser parser;
    const std::size_t read = parser.write(answer.body(), code);
    if (code)
        throw detail::no_json(answer, code.message() + ", at byte " + std::to_string(read));
    boost::json::value value = parser.release();
    if constexpr (std::is_same_v<T, boost::json::value>) {
        return value;
    } else {
        auto converted = boost::json::try_value_to<T>(value);
        if (!converted)
            throw detail::no_json(answer, converted.error().message());
        return std::move(*converted);
    }
}

} // namespace oneloop::http
