#include "core/words.hpp"

#include <array>
#include <cstdio>

namespace oneloop {
namespace {

std::string short_number(double value, const char* unit) {
    std::array<char, 48> text{};
    // Four digits are enough, unless more of them stand before the point
    std::snprintf(text.data(), text.size(), value < 9999.5 ? "%.4g %s" : "%.0f %s", value, unit);
    return text.data();
}

} // namespace

std::string in_words(std::chrono::steady_clock::duration d) {
    const double seconds = std::chrono::duration<double>(d).count();
    if (seconds >= 1 || seconds <= 0)
        return short_number(seconds, "s");
    return seconds >= 1e-3 ? short_number(seconds * 1e3, "ms") : short_number(seconds * 1e6, "us");
}

std::string in_words(std::uint64_t bytes) {
    static constexpr std::array units{"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return short_number(value, units[unit]);
}

std::string printable(std::string_view text, std::size_t most) {
    std::string shown(text.substr(0, most));
    for (char& c : shown)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            c = '?';
    return text.size() > most ? shown + "..." : shown;
}

} // namespace oneloop
