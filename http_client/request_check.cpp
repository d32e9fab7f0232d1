#include "http_client/request_check.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

// RFC 9110, 5.6.2: token
bool is_token(std::string_view name) {
    static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

// RFC 9110, 5.5: no CR, LF, NUL; we refuse the other control characters with them, but for the tab
bool is_value(std::string_view value) {
    return std::ranges::none_of(value, [](char c) {
        return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
    });
}

failure wrong(std::string why) {
    return failure(errc::invalid_argument).because(std::move(why));
}

std::string_view without_blanks(std::string_view value) {
    const auto first = value.find_first_not_of(" \t");
    return first == value.npos ? std::string_view()
                               : value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

// Where a message ends and what becomes of its connection is for libcurl to say, which knows. With another
// length than that of the body its rest would be the next request on the connection.
failure check_framing(std::string_view name, std::string_view value) {
    const auto is = [](std::string_view a, std::string_view b) { return headers::same_name(a, b); };
    value = without_blanks(value);
    if (is(name, "Content-Length") || is(name, "Transfer-Encoding"))
        return wrong(
            "the field " + std::string(name) +
            " is made from the body: give that as `body`, or as `upload` with its length"
        );
    if (is(name, "Upgrade") || is(name, "Trailer"))
        return wrong("the field " + std::string(name) + " promises what is not done here");
    if (is(name, "Connection") && !is(value, "close") && !is(value, "keep-alive"))
        return wrong("the field Connection says close or keep-alive, and nothing else");
    if (is(name, "TE") && !is(value, "trailers"))
        return wrong("the field TE says trailers, and nothing else");
    if (is(name, "Host") && value.empty())
        return wrong("the field Host is empty");
    return {};
}

// libcurl ends at a mebibyte, with "Out of memory" and after it has connected. There is room for the fields
// of the client, too.
constexpr std::size_t most_of_a_head = 1'000'000;

std::size_t size_of(const headers& fields) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : fields)
        bytes += name.size() + value.size() + std::string_view(": \r\n").size();
    return bytes;
}

} // namespace

failure check(const headers& fields) {
    for (const auto& [name, value] : fields) {
        if (!is_token(name))
            return wrong("invalid header name: letters, digits and !#$%&'*+-.^_`|~ only");
        if (!is_value(value))
            return wrong(
                "invalid value of header " + std::string(name) +
                ": it contains a line break or a control character"
            );
        if (failure bad = check_framing(name, value); bad.code())
            return bad;
    }
    for (const auto* once : {"Host", "Connection"})
        if (fields.all(once).size() > 1)
            return wrong("the field " + std::string(once) + " twice");
    return {};
}

failure check(const request& what, std::size_t bytes_of_url) {
    if (what.method() == "HEAD" && what.body()) // libcurl would wait for a body of the answer as well
        return wrong("HEAD goes without a body");
    headers all = what.options().fields();
    if (!what.body().type().empty())
        all.add("Content-Type", what.body().type());
    if (const auto bytes = bytes_of_url + size_of(all); bytes > most_of_a_head)
        return wrong(
            "URL and header fields have " + std::to_string(bytes) +
            " bytes, and libcurl sends no more than " + std::to_string(most_of_a_head)
        );
    return check(all);
}

failure check_method(std::string_view method) {
    if (!is_token(method))
        return wrong("invalid method: letters, digits and !#$%&'*+-.^_`|~ only");
    if (method == "CONNECT" || method == "TRACE")
        return wrong("CONNECT and TRACE are not for a client to send");
    return {};
}

bool is_idempotent(std::string_view method) noexcept {
    return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
           method == "OPTIONS";
}

} // namespace oneloop::http
