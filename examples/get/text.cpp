#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace {

struct character {
    std::uint32_t code = 0; ///< 0 if these bytes are none
    std::size_t bytes = 1;
};

character first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80)
        return {byte(0), 1};
    const std::size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes)
        return {};
    std::uint32_t code = byte(0) & (0x7fu >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return {};
        code = code << 6 | (byte(i) & 0x3f);
    }
    const std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (code < least[bytes] || code > 0x10ffff || surrogate)
        return {};
    return {code, bytes};
}

bool harmless(std::uint32_t c) {
    const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    const bool turns = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
                       (c >= 0x2066 && c <= 0x2069);
    return !control && !turns;
}

std::string format(const char* how, double number, const char* unit) {
    char text[64];
    return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, how, number, unit))};
}

} // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const character c = first_of(text);
        if (harmless(c.code))
            out.append(text.substr(0, c.bytes));
        else
            out.push_back('?');
        text.remove_prefix(c.bytes);
    }
    return out;
}

std::string fitted(std::string_view text, std::size_t columns) {
    std::string out;
    std::size_t used = 0;
    for (; !text.empty() && used < columns; ++used) {
        const character c = first_of(text);
        if (used + 1 == columns && c.bytes < text.size()) {
            out += "…";
            return out;
        }
        out.append(text.substr(0, c.bytes));
        text.remove_prefix(c.bytes);
    }
    return out.append(columns - used, ' ');
}

std::string bytes_text(double bytes) {
    const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; bytes >= 999.95 && unit < 4; ++unit)
        bytes /= 1024;
    return format(unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

std::string time_text(double seconds) {
    if (!(seconds < 360'000))
        return "-:--"; // also what is no number
    const int s = static_cast<int>(std::ceil(seconds));
    char text[32];
    if (s >= 3600)
        std::snprintf(text, sizeof text, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    else
        std::snprintf(text, sizeof text, "%d:%02d", s / 60, s % 60);
    return text;
}

std::string in_short(double number) {
    return format("%.12g%s", number, "");
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

std::string file_name(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    if (const auto scheme = url.find("://"); scheme != url.npos)
        url.remove_prefix(scheme + 3);
    const auto slash = url.find_last_of('/');
    if (slash == url.npos || slash + 1 == url.size())
        return "download";
    std::string name;
    const auto digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    };
    for (std::string_view rest = url.substr(slash + 1); !rest.empty(); rest.remove_prefix(1)) {
        const bool escape = rest[0] == '%' && rest.size() > 2 && digit(rest[1]) >= 0 && digit(rest[2]) >= 0;
        name.push_back(escape ? static_cast<char>(digit(rest[1]) * 16 + digit(rest[2])) : rest[0]);
        rest.remove_prefix(escape ? 2 : 0);
    }
    return name;
}
