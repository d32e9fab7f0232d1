#include <oneloop/redis/request.hpp>

#include <array>
#include <charconv>

namespace oneloop::redis {

namespace {

template <class Number>
std::string_view in_decimal(Number number, std::array<char, 64>& room) {
    // Of a double: the shortest text that gives the same number again
    const auto end = std::to_chars(room.data(), room.data() + room.size(), number).ptr;
    return {room.data(), static_cast<std::size_t>(end - room.data())};
}

} // namespace

std::string_view request::at(std::size_t i) const noexcept {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
}

void request::push(std::string_view s) {
    text_ += s;
    ends_.push_back(text_.size());
}

void request::push(std::span<const std::byte> bytes) {
    push(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void request::push(double number) {
    std::array<char, 64> room;
    push(in_decimal(number, room));
}

void request::push(long long number) {
    std::array<char, 64> room;
    push(in_decimal(number, room));
}

void request::push(unsigned long long number) {
    std::array<char, 64> room;
    push(in_decimal(number, room));
}

} // namespace oneloop::redis
