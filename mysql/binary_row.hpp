#pragma once

#include "mysql/mysql_include.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace oneloop::mysql {

/// A row of a prepared statement: values come in binary form and are given as the text that the server itself
/// would have made of them. The library's own conversion believes every length that a server sends.
class binary_row {
public:
    void begin(const MYSQL_FIELD*, unsigned count);

    /// Before each row.
    void expect() noexcept { whole_ = true; }

    /// Finds the value of a column, and moves `row` on behind it; a null pointer is NULL. Nothing behind
    /// `end` is looked at.
    void take(unsigned column, unsigned char** row, const unsigned char* end) noexcept;

    /// Makes the texts, which are good until the next row. False: this was no row.
    bool render();
    const char* const* values() const noexcept { return values_.data(); }
    const unsigned long* lengths() const noexcept { return lengths_.data(); }
    unsigned size() const noexcept { return static_cast<unsigned>(columns_.size()); }

private:
    struct column {
        enum_field_types type = MYSQL_TYPE_NULL;
        bool is_unsigned = false;
        std::size_t width = 0; // of ZEROFILL
        unsigned decimals = 0;
    };
    bool find(std::size_t i, unsigned char*& at, const unsigned char* end) noexcept;
    bool write(const column&, const unsigned char* from, std::size_t size);

    std::vector<column> columns_;
    std::vector<const char*> values_; // where it is in the packet, then its text
    std::vector<unsigned long> lengths_;
    std::vector<std::size_t> written_; // where a text in text_ begins
    std::string text_;
    bool whole_ = true;
};

} // namespace oneloop::mysql
