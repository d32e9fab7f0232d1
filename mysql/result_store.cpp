#include "mysql/result_store.hpp"

#include <algorithm>
#include <cstring>

namespace oneloop::mysql::detail {
namespace {

constexpr std::size_t largest_piece = std::size_t{1} << 20;

std::uint32_t end_of(const char* block, std::size_t column) noexcept {
    std::uint32_t end = 0;
    std::memcpy(&end, block + column * sizeof end, sizeof end);
    return end;
}

} // namespace

char* result_store::room_for(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - free_) < bytes) {
        piece_ = std::min(piece_ * 2, largest_piece);
        const std::size_t size = std::max(piece_, bytes);
        pieces.push_back(std::make_unique_for_overwrite<char[]>(size));
        free_ = pieces.back().get();
        end_ = free_ + size;
    }
    char* const room = free_;
    free_ += bytes;
    return room;
}

std::size_t result_store::add(const char* const* values, const unsigned long* lengths) {
    const std::size_t count = columns.size();
    std::size_t bytes = count * sizeof(std::uint32_t);
    for (std::size_t i = 0; i < count; ++i)
        bytes += values[i] ? lengths[i] : 0;
    char* const block = room_for(bytes);
    char* text = block + count * sizeof(std::uint32_t);
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (values[i] && lengths[i] != 0) {
            std::memcpy(text + end, values[i], lengths[i]);
            end += static_cast<std::uint32_t>(lengths[i]);
        }
        const std::uint32_t mark = values[i] ? end : end | null_mark;
        std::memcpy(block + i * sizeof mark, &mark, sizeof mark);
    }
    rows.push_back(block);
    return bytes + sizeof(const char*);
}

field result_store::value(const char* block, std::size_t column) const noexcept {
    const std::uint32_t end = end_of(block, column);
    if (end & null_mark)
        return {};
    const std::uint32_t begin = column == 0 ? 0 : end_of(block, column - 1) & ~null_mark;
    return {block + columns.size() * sizeof end + begin, end - begin};
}

} // namespace oneloop::mysql::detail
