#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace oneloop::testing {

/// What must not come through a string into a line of a request.
inline const std::vector<std::string> breaks{"\r\n", "\n", "\r", std::string(1, '\0')};

/// %0D%0A for "\r\n".
inline std::string encoded(const std::string& text) {
    std::string all;
    for (const char c : text)
        all += c == '\r'   ? "%0D"
               : c == '\n' ? "%0A"
               : c == '\0' ? "%00"
               : c == ' '  ? "%20"
                           : std::string(1, c);
    return all;
}

inline bool is_one_line(const std::string& text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

} // namespace oneloop::testing
