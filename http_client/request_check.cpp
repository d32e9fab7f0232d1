#include "http_client/request_check.hpp"

#include <algorithm>
#include <string_view>

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

} // namespace

failure check(const headers& fields) {
    for (const auto& [name, value] : fields) {
        if (!is_token(name))
            return failure(errc::invalid_argument)
                .because("invalid header name: letters, digits and !#$%&'*+-.^_`|~ only");
        if (!is_value(value))
            return failure(errc::invalid_argument)
                .because(
                    "invalid value of header " + std::string(name) +
                    ": it contains a line break or a control character"
                );
    }
    return {};
}

failure check(const request& what) {
    if (what.method() == "HEAD" && what.body()) // libcurl would wait for a body of the answer as well
        return failure(errc::invalid_argument).because("HEAD goes without a body");
    headers all = what.options().fields();
    if (!what.body().type().empty())
        all.add("Content-Type", what.body().type());
    return check(all);
}

failure check_method(std::string_view method) {
    if (!is_token(method))
        return failure(errc::invalid_argument)
            .because("invalid method: letters, digits and !#$%&'*+-.^_`|~ only");
    if (method == "CONNECT" || method == "TRACE")
        return failure(errc::invalid_argument).because("CONNECT and TRACE are not for a client to send");
    return {};
}

bool is_idempotent(std::string_view method) noexcept {
    return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
           method == "OPTIONS";
}

} // namespace oneloop::http
