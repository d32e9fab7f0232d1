#include "http_client/encoding.hpp"

#include "http_client/curl_include.hpp"
#include <oneloop/http/body.hpp>
#include <oneloop/http/options.hpp>

#include <array>
#include <new>
#include <random>

namespace oneloop::http {

std::string percent_encoded(std::string_view text) {
    if (text.empty())
        return {}; // for libcurl a length of 0 means "up to the NUL"
    char* encoded = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
    if (!encoded)
        throw std::bad_alloc();
    std::string copy(encoded);
    curl_free(encoded);
    return copy;
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

// What would end the name, or the line (HTML standard, "multipart/form-data encoding algorithm").
std::string quotable(std::string_view name) {
    std::string text;
    for (const char c : name)
        if (c == '"')
            text += "%22";
        else if (c == '\r')
            text += "%0D";
        else if (c == '\n')
            text += "%0A";
        else
            text += c;
    return text;
}

// A type is put into a header line of the part as it is.
std::string one_line(std::string_view type) {
    std::string text(type);
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
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
    parts_.append(one_line(type)).append("\r\n\r\n").append(bytes).append("\r\n");
    return *this;
}

multipart::operator body() const {
    return {parts_ + "--" + boundary_ + "--\r\n", "multipart/form-data; boundary=" + boundary_};
}

} // namespace oneloop::http
