#include "core/host_name.hpp"

#include <algorithm>

namespace oneloop {
namespace {

constexpr std::size_t longest_name = 253, longest_label = 63;

bool is_name_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

} // namespace

const char* refuse_host_name(std::string_view name) noexcept {
    if (name.ends_with('.'))
        name.remove_suffix(1);
    if (name.empty())
        return "the name of a host cannot be empty";
    if (name.size() > longest_name)
        return "the name of a host has 253 characters at most";
    std::size_t label = 0;
    for (char c : name) {
        if (c == '.' && label == 0)
            return "the name of a host cannot begin with a dot or have two dots in a row";
        if (c != '.' && !is_name_character(c))
            return "the name of a host has letters, digits, '-', '_' and '.' only; others are written in "
                   "punycode (xn--)";
        label = c == '.' ? 0 : label + 1;
        if (label > longest_label)
            return "between two dots of a host's name are 63 characters at most";
    }
    return label == 0 ? "the name of a host ends with one dot at most" : nullptr;
}

std::string normal_host_name(std::string name) {
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

std::string printable_host_name(std::string_view name) {
    const bool cut = name.size() > longest_name + 1;
    std::string shown(name.substr(0, longest_name + 1));
    std::ranges::replace_if(
        shown, [](char c) { return c < 0x20 || c > 0x7e; }, '?'
    );
    return cut ? shown + "..." : shown;
}

} // namespace oneloop
