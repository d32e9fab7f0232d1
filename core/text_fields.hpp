#pragma once

#include <algorithm>
#include <string_view>

namespace oneloop {

/// Takes the next word off a line; empty when there is none left.
inline std::string_view next_field(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const auto field = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(field.size());
    return field;
}

} // namespace oneloop
