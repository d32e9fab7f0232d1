#include "mysql/value_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace oneloop::mysql {
namespace {

constexpr std::size_t widest_zerofill = 255;
constexpr unsigned finest = 6; // microseconds

void append_padded(std::string& to, std::uint64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    to.append(width > digits.size() ? width - digits.size() : 0, '0').append(digits);
}

void append_fraction(std::string& to, std::uint64_t microseconds, unsigned decimals) {
    if (decimals == 0)
        return;
    std::string digits;
    append_padded(digits, microseconds, finest);
    (to += '.').append(digits, 0, std::min(decimals, finest));
}

void append_clock(std::string& to, std::uint64_t hours, const unsigned char* minute_and_second) {
    append_padded(to, hours, 2);
    append_padded(to += ':', minute_and_second[0], 2);
    append_padded(to += ':', minute_and_second[1], 2);
}

// "d.ddde±dd" in the servers' way: as a plain number, unless it is an integer of more than 15 digits or has
// as many zeros behind its point; those have an exponent, with no plus and no zeros.
void append_scientific(std::string& to, std::string_view number) {
    if (number.front() == '-') {
        to += '-';
        number.remove_prefix(1);
    }
    const auto e = number.find('e');
    int exponent = 0;
    const char* const digits_of_it = number.data() + e + (number[e + 1] == '+' ? 2 : 1);
    std::from_chars(digits_of_it, number.data() + number.size(), exponent);
    std::string digits(1, number[0]);
    if (e > 2)
        digits += number.substr(2, e - 2);
    digits.resize(digits.find_last_not_of('0') == std::string::npos ? 1 : digits.find_last_not_of('0') + 1);
    const int point = exponent + 1, count = static_cast<int>(digits.size());
    if (point < -14 || (point > 15 && point >= count)) {
        to += digits[0];
        if (count > 1)
            (to += '.').append(digits, 1);
        (to += 'e') += std::to_string(exponent);
    } else if (point <= 0) {
        to.append("0.").append(static_cast<std::size_t>(-point), '0') += digits;
    } else if (point >= count) {
        to.append(digits).append(static_cast<std::size_t>(point - count), '0');
    } else {
        to.append(digits, 0, static_cast<std::size_t>(point)).append(".");
        to.append(digits, static_cast<std::size_t>(point));
    }
}

// `precision` digits at most; 0: as many as it takes to read the same number again.
void append_real(std::string& to, double value, unsigned decimals, int precision) {
    char text[400];
    char* const end = text + sizeof text;
    if (decimals < not_fixed) {
        to.append(
            text, std::to_chars(text, end, value, std::chars_format::fixed, static_cast<int>(decimals)).ptr
        );
    } else if (value == 0 || !std::isfinite(value)) {
        to += std::signbit(value) && value == 0 ? "-0" : value == 0 ? "0" : std::to_string(value);
    } else {
        const auto made = precision == 0
                              ? std::to_chars(text, end, value, std::chars_format::scientific)
                              : std::to_chars(text, end, value, std::chars_format::scientific, precision - 1);
        append_scientific(to, std::string_view(text, static_cast<std::size_t>(made.ptr - text)));
    }
}

} // namespace

std::uint64_t little_endian(const unsigned char* from, std::size_t size) noexcept {
    std::uint64_t number = 0;
    for (std::size_t i = size; i-- > 0;)
        number = number << 8 | from[i];
    return number;
}

void append_integer(std::string& to, std::uint64_t bits, bool is_unsigned, std::size_t zerofill_width) {
    if (is_unsigned)
        append_padded(to, bits, std::min(zerofill_width, widest_zerofill));
    else
        to += std::to_string(static_cast<std::int64_t>(bits));
}

void append_double(std::string& to, double value, unsigned decimals) {
    append_real(to, value, decimals, 0);
}

void append_float(std::string& to, float value, unsigned decimals) {
    append_real(to, value, decimals, 6);
}

bool append_date(std::string& to, const unsigned char* from, std::size_t size) {
    static constexpr unsigned char zero[4] = {};
    if (size == 0)
        from = zero;
    else if (size != 4 && size != 7 && size != 11)
        return false;
    append_padded(to, little_endian(from, 2), 4);
    append_padded(to += '-', from[2], 2);
    append_padded(to += '-', from[3], 2);
    return true;
}

bool append_datetime(std::string& to, const unsigned char* from, std::size_t size, unsigned decimals) {
    unsigned char all[11] = {};
    if (!append_date(to, from, size))
        return false;
    std::memcpy(all, from, size);
    append_clock(to += ' ', all[4], all + 5);
    append_fraction(to, little_endian(all + 7, 4), decimals);
    return true;
}

bool append_time(std::string& to, const unsigned char* from, std::size_t size, unsigned decimals) {
    unsigned char all[12] = {};
    if (size != 0 && size != 8 && size != 12)
        return false;
    std::memcpy(all, from, size);
    if (all[0] != 0)
        to += '-';
    append_clock(to, little_endian(all + 1, 4) * 24 + all[5], all + 6);
    append_fraction(to, little_endian(all + 8, 4), decimals);
    return true;
}

} // namespace oneloop::mysql
