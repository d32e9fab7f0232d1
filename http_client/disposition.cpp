// The name that a server gives (RFC 6266, with the extended form of RFC 8187).

#include "http_client/file_name.hpp"
#include <oneloop/http/headers.hpp>

#include <algorithm>

namespace oneloop::http {

namespace {

void skip_blank(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view take_until(std::string_view& text, std::string_view ends) {
    const auto word = text.substr(0, text.find_first_of(ends));
    text.remove_prefix(word.size());
    return word;
}

std::string take_value(std::string_view& text) {
    if (!text.starts_with('"'))
        return std::string(take_until(text, "; \t"));
    std::string value;
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size())
            ++i;
        value += text[i];
    }
    text.remove_prefix(std::min(i + 1, text.size()));
    return value;
}

// UTF-8'en'name; ISO-8859-1 is the other charset that there is.
std::optional<std::string> extended(const std::string& value) {
    const auto first = value.find('\''), second = value.find('\'', first + 1);
    if (first == value.npos || second == value.npos)
        return {};
    const auto charset = std::string_view(value).substr(0, first);
    std::string bytes = percent_decoded(std::string_view(value).substr(second + 1));
    if (headers::same_name(charset, "UTF-8"))
        return bytes;
    if (!headers::same_name(charset, "ISO-8859-1"))
        return {};
    std::string utf8;
    for (const char c : bytes) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x80)
            utf8 += c;
        else
            (utf8 += static_cast<char>(0xc0 | code >> 6)) += static_cast<char>(0x80 | (code & 0x3f));
    }
    return utf8;
}

} // namespace

std::optional<std::string> name_from_disposition(std::string_view field) {
    std::optional<std::string> plain, better;
    take_until(field, ";");
    while (field.starts_with(';')) {
        field.remove_prefix(1);
        skip_blank(field);
        const auto name = take_until(field, "=; \t");
        skip_blank(field);
        if (field.starts_with('=')) {
            field.remove_prefix(1);
            skip_blank(field);
            const std::string value = take_value(field);
            if (headers::same_name(name, "filename*") && !better)
                better = extended(value);
            else if (headers::same_name(name, "filename") && !plain)
                plain = value;
        }
        take_until(field, ";");
    }
    const auto& given = better ? better : plain;
    if (!given)
        return {};
    const auto slash = given->find_last_of("/\\");
    const auto last = slash == given->npos ? *given : given->substr(slash + 1);
    return last.empty() ? std::nullopt : std::optional(harmless_name(last));
}

} // namespace oneloop::http
