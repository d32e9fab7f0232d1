#include "mysql/binary_row.hpp"

#include "mysql/value_text.hpp"

#include <bit>

namespace oneloop::mysql {
namespace {

constexpr auto in_packet = static_cast<std::size_t>(-1);

// 0: it says its length itself.
std::size_t size_of(enum_field_types type) noexcept {
    switch (type) {
        case MYSQL_TYPE_TINY:
            return 1;
        case MYSQL_TYPE_SHORT:
        case MYSQL_TYPE_YEAR:
            return 2;
        case MYSQL_TYPE_INT24:
        case MYSQL_TYPE_LONG:
        case MYSQL_TYPE_FLOAT:
            return 4;
        case MYSQL_TYPE_LONGLONG:
        case MYSQL_TYPE_DOUBLE:
            return 8;
        default:
            return 0;
    }
}

// How many bytes a length of the protocol has behind its first one.
std::size_t length_bytes(unsigned char first) noexcept {
    return first < 251 ? 0 : first == 252 ? 2 : first == 253 ? 3 : 8;
}

std::uint64_t sign_extended(std::uint64_t bits, std::size_t size) noexcept {
    const unsigned unused = static_cast<unsigned>(64 - 8 * size);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(bits << unused) >> unused);
}

} // namespace

void binary_row::begin(const MYSQL_FIELD* fields, unsigned count) {
    columns_.assign(count, column());
    for (unsigned i = 0; i < count; ++i) {
        columns_[i].type = fields[i].type;
        columns_[i].is_unsigned = (fields[i].flags & UNSIGNED_FLAG) != 0 || fields[i].type == MYSQL_TYPE_YEAR;
        columns_[i].width = fields[i].flags & ZEROFILL_FLAG ? fields[i].length : 0;
        columns_[i].decimals = fields[i].decimals;
    }
    values_.assign(count, nullptr);
    lengths_.assign(count, 0);
    written_.assign(count, in_packet);
}

void binary_row::take(unsigned column, unsigned char** row, const unsigned char* end) noexcept {
    if (!whole_ || column >= columns_.size())
        return;
    values_[column] = nullptr;
    lengths_[column] = 0;
    if (row)
        whole_ = find(column, *row, end);
}

bool binary_row::find(std::size_t i, unsigned char*& at, const unsigned char* end) noexcept {
    if (at >= end)
        return false;
    std::uint64_t size = size_of(columns_[i].type);
    if (size == 0) {
        const std::size_t more = length_bytes(*at);
        if (static_cast<std::size_t>(end - at) <= more)
            return false;
        size = more == 0 ? *at : little_endian(at + 1, more);
        at += 1 + more;
    }
    if (static_cast<std::uint64_t>(end - at) < size)
        return false;
    values_[i] = reinterpret_cast<const char*>(at);
    lengths_[i] = size;
    at += size;
    return true;
}

bool binary_row::render() {
    text_.clear();
    for (std::size_t i = 0; whole_ && i < columns_.size(); ++i) {
        const std::size_t before = text_.size();
        written_[i] = in_packet;
        if (!values_[i])
            continue;
        whole_ = write(columns_[i], reinterpret_cast<const unsigned char*>(values_[i]), lengths_[i]);
        if (text_.size() == before)
            continue;
        written_[i] = before;
        lengths_[i] = text_.size() - before;
    }
    for (std::size_t i = 0; whole_ && i < columns_.size(); ++i)
        if (written_[i] != in_packet)
            values_[i] = text_.data() + written_[i];
    return whole_;
}

// What is text already stays where it is.
bool binary_row::write(const column& c, const unsigned char* from, std::size_t size) {
    switch (c.type) {
        case MYSQL_TYPE_FLOAT:
            append_float(
                text_, std::bit_cast<float>(static_cast<std::uint32_t>(little_endian(from, 4))), c.decimals
            );
            return true;
        case MYSQL_TYPE_DOUBLE:
            append_double(text_, std::bit_cast<double>(little_endian(from, 8)), c.decimals);
            return true;
        case MYSQL_TYPE_DATE:
            return append_date(text_, from, size);
        case MYSQL_TYPE_DATETIME:
        case MYSQL_TYPE_TIMESTAMP:
            return append_datetime(text_, from, size, c.decimals);
        case MYSQL_TYPE_TIME:
            return append_time(text_, from, size, c.decimals);
        default:
            break;
    }
    if (const std::size_t fixed = size_of(c.type)) {
        const std::uint64_t bits = little_endian(from, fixed);
        append_integer(text_, c.is_unsigned ? bits : sign_extended(bits, fixed), c.is_unsigned, c.width);
    }
    return true;
}

} // namespace oneloop::mysql
