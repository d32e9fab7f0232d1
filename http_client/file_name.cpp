#include "http_client/file_name.hpp"

#include <oneloop/http/download.hpp>

#include <algorithm>
#include <cstdint>

namespace oneloop::http {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD

int hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The length of the character at the beginning; 0 if it is no UTF-8 (too long, a surrogate, beyond the end).
std::size_t character(std::string_view text, std::uint32_t& code) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t size = at(0) < 0x80       ? 1
                             : at(0) >> 5 == 6  ? 2
                             : at(0) >> 4 == 14 ? 3
                             : at(0) >> 3 == 30 ? 4
                                                : 0;
    if (size == 0 || size > text.size())
        return 0;
    static constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    code = size == 1 ? at(0) : at(0) & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if (at(i) >> 6 != 2)
            return 0;
        code = code << 6 | (at(i) & 0x3fU);
    }
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    return code < least[size] || code > 0x10ffff || surrogate ? 0 : size;
}

// Control characters, and those that make a name look like another: "exe.gpj" for what ends in ".exe".
bool is_harmful(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '/' || c == '\\' || c == 0x61c || c == 0x200e ||
           c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

// At most `size` bytes, without half a character at the end.
std::string_view cut(std::string_view text, std::size_t size) {
    if (text.size() <= size)
        return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        --size;
    return text.substr(0, size);
}

// Where the ending begins: ".tar.gz" is one. None if it is too long to be one.
std::size_t ending_of(std::string_view name) {
    auto dot = name.rfind('.');
    if (dot == name.npos || dot == 0 || name.size() - dot > 16)
        return name.size();
    if (dot > 4 && name.substr(dot - 4, 4) == ".tar")
        dot -= 4;
    return dot;
}

// Where `name` ends like a part that is to be resumed, or its record; npos if it does not. Some file systems
// know no case, and overlook characters that have no width: all but ASCII is overlooked here.
std::size_t ending_like(std::string_view name, std::string_view ending) {
    std::size_t at = name.size();
    for (; !ending.empty(); ending.remove_suffix(1)) {
        do
            if (at-- == 0)
                return name.npos;
        while (static_cast<unsigned char>(name[at]) >= 0x80);
        const char c = name[at];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != ending.back())
            return name.npos;
    }
    return at;
}

} // namespace

std::string harmless_name(std::string_view wish) {
    std::string name;
    while (!wish.empty()) {
        std::uint32_t code = 0;
        const std::size_t size = character(wish, code);
        if (size == 0)
            name += replacement;
        else if (is_harmful(code))
            name += '_';
        else
            name += wish.substr(0, size);
        wish.remove_prefix(std::max<std::size_t>(size, 1));
    }
    const auto trim = [&name] { name.erase(name.find_last_not_of(". ") + 1); };
    name.erase(0, std::min(name.find_first_not_of(".- "), name.size()));
    trim();
    if (name.size() > longest_file_name) {
        const std::string ending = name.substr(ending_of(name));
        name = std::string(cut(name, longest_file_name - ending.size())) + ending;
        trim();
    }
    for (const std::string_view ending : {part_ending, info_ending})
        if (const auto dot = ending_like(name, ending); dot != name.npos)
            name[dot] = '_';
    return name.empty() ? "download" : name;
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool code =
            text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
        decoded += code ? static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])) : text[i];
        i += code ? 2 : 0;
    }
    return decoded;
}

std::string name_from_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    if (const auto scheme = url.find("://"); scheme != url.npos)
        url.remove_prefix(scheme + 3);
    const auto slash = url.rfind('/');
    return harmless_name(slash == url.npos ? std::string() : percent_decoded(url.substr(slash + 1)));
}

std::string file_name_of(std::string_view url) {
    return name_from_url(url);
}

std::string numbered_name(const std::string& name, std::size_t number) {
    if (number == 0)
        return name;
    const auto dot = ending_of(name);
    return name.substr(0, dot) + "-" + std::to_string(number) + name.substr(dot);
}

std::string with_ending(std::string_view name, std::string_view ending, std::size_t room) {
    static constexpr std::size_t longest = 255; // NAME_MAX
    return std::string(cut(name, longest - ending.size() - room)).append(ending);
}

} // namespace oneloop::http
