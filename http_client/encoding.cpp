#include "http_client/encoding.hpp"

#include <oneloop/http/body.hpp>
#include <oneloop/http/options.hpp>

#include <algorithm>
#include <random>

namespace oneloop::http {

namespace {

// RFC 3986, 2.3
bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

} // namespace

// Not by libcurl, which takes less than 24 MB.
std::string percent_encoded(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text)
        if (const auto byte = static_cast<unsigned char>(c); is_unreserved(c))
            encoded += c;
        else
            encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
    return encoded;
}

request_options& request_options::query(std::string_view name, std::string_view value) {
    if (!query_.empty())
        query_ += '&';
    query_.append(percent_encoded(name)).append("=").append(percent_encoded(value));
    return *this;
}

form& form::field(std::string_view name, std::string_view value) {
    if (!encoded_.empty())
        encoded_ += '&';
    encoded_.append(percent_encoded(name)).append("=").append(percent_encoded(value));
    return *this;
}

namespace {

bool is_control(char c) noexcept { // but for the tab, which does no harm in a line
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
}

// Without what would end the name, or the line: as browsers write it (HTML standard, "multipart/form-data
// encoding algorithm"), but for other control characters than line breaks, which they send as they are.
std::string quotable(std::string_view name) {
    std::string text;
    for (const char c : name)
        if (c == '"' || is_control(c))
            text += percent_encoded(std::string_view(&c, 1));
        else
            text += c;
    return text;
}

} // namespace

// 128 bits by chance: whatever is sent does not hold them.
multipart::multipart() : boundary_("oneloop-") {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::random_device chance;
    for (int i = 0; i < 4; ++i)
        for (auto bits = chance(), n = 0U; n < 8; ++n, bits >>= 4)
            boundary_ += digits[bits & 15];
}

void multipart::begin_part(std::string_view name) {
    parts_.append("--").append(boundary_).append("\r\nContent-Disposition: form-data; name=\"");
    parts_.append(quotable(name)).append("\"");
}

multipart& multipart::field(std::string_view name, std::string_view value) {
    begin_part(name);
    parts_.append("\r\n\r\n").append(value).append("\r\n");
    return *this;
}

multipart& multipart::file(
    std::string_view name, std::string_view file_name, std::string_view bytes, std::string_view type
) {
    begin_part(name);
    parts_.append("; filename=\"").append(quotable(file_name)).append("\"\r\nContent-Type: ");
    if (std::ranges::any_of(type, is_control))
        bad_type_ = type;
    else
        parts_.append(type);
    parts_.append("\r\n\r\n").append(bytes).append("\r\n");
    return *this;
}

multipart::operator body() const {
    if (!bad_type_.empty())
        return {std::string(), bad_type_}; // for which the request is refused
    return {parts_ + "--" + boundary_ + "--\r\n", "multipart/form-data; boundary=" + boundary_};
}

} // namespace oneloop::http
