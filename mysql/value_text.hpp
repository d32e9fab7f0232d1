#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace oneloop::mysql {

/// Numbers and times of the binary protocol, appended as text in the way in which servers write them.

constexpr unsigned not_fixed = 31; ///< from so many decimals on, a number has as many as it needs

void append_integer(std::string& to, std::uint64_t bits, bool is_unsigned, std::size_t zerofill_width);
void append_double(std::string& to, double, unsigned decimals);
void append_float(std::string& to, float, unsigned decimals);

/// What a server sends of them: 0, 4, 7 or 11 bytes, and 0, 8 or 12 of a time. False for any other number.
bool append_date(std::string& to, const unsigned char* from, std::size_t size);
bool append_datetime(std::string& to, const unsigned char* from, std::size_t size, unsigned decimals);
bool append_time(std::string& to, const unsigned char* from, std::size_t size, unsigned decimals);

std::uint64_t little_endian(const unsigned char* from, std::size_t size) noexcept;

} // namespace oneloop::mysql
