#pragma once

#include <oneloop/mysql/rows.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace oneloop::mysql::detail {

/// What an answer consists of. A row is one block of memory: where each of its columns ends, then their
/// bytes. Blocks lie one behind the other in pieces of up to 1 MiB, which are never copied: an answer of a
/// gigabyte stalls nobody.
struct result_store {
    static constexpr std::uint32_t null_mark = std::uint32_t{1} << 31; // a packet has a gigabyte at most

    std::vector<std::string> columns;
    std::vector<std::unique_ptr<char[]>> pieces;
    std::vector<const char*> rows;
    std::uint64_t affected_rows = 0, last_insert_id = 0;
    unsigned warnings = 0;

    /// Copies a row; a null pointer is NULL. Gives the bytes that the result has grown by.
    std::size_t add(const char* const* values, const unsigned long* lengths);

    field value(const char* block, std::size_t column) const noexcept;

private:
    char* room_for(std::size_t bytes);

    std::size_t piece_ = 2048; // the size of the last one
    char *free_ = nullptr, *end_ = nullptr;
};

} // namespace oneloop::mysql::detail
