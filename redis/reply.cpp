#include "redis/guard.hpp"
#include <oneloop/redis/reply.hpp>

#include <charconv>

namespace oneloop::redis::detail {

namespace {

// The whole of a text as a number.
template <class Number>
bool parse(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool is_textual(const value& v) {
    return v.what() == value::kind::text || v.what() == value::kind::status;
}

} // namespace

failure unexpected(const value& got, std::string_view wanted) {
    return failure(errc::unexpected_reply)
        .in(phase::receive)
        .ended(outcome::answered)
        .because("the answer is " + got.description() + ", not " + std::string(wanted));
}

result<std::int64_t> integer_of(const value& v) {
    if (v.what() == value::kind::integer)
        return v.integer();
    std::int64_t number = 0;
    if (is_textual(v) && parse(v.text(), number))
        return number;
    return unexpected(v, "a whole number");
}

result<double> number_of(const value& v) {
    if (v.what() == value::kind::integer)
        return static_cast<double>(v.integer());
    double number = 0;
    if (is_textual(v) && parse(v.text(), number))
        return number;
    return unexpected(v, "a number");
}

result<bool> truth_of(const value& v) {
    if (v.what() == value::kind::integer && (v.integer() == 0 || v.integer() == 1))
        return v.integer() == 1;
    if (v.what() == value::kind::status && v.text() == "OK")
        return true;
    if (v.what() == value::kind::text && (v.text() == "0" || v.text() == "1"))
        return v.text() == "1";
    return unexpected(v, "1, 0 or OK");
}

result<std::string> text_of(value v) {
    if (v.what() == value::kind::integer)
        return std::to_string(v.integer());
    if (!is_textual(v))
        return unexpected(v, v.is_nil() ? "a text (ask for std::optional<std::string>)" : "a text");
    return std::move(v).text();
}

std::string shown_text(const value& error) {
    return shown_error(error.text());
}

} // namespace oneloop::redis::detail
