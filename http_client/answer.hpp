#pragma once

#include "http_client/body_memory.hpp"
#include <oneloop/http/response.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace oneloop::http {

/// Puts a response together from the lines and pieces that come. Knows no sockets and no limits but those of
/// size.
class answer {
public:
    explicit answer(std::uint64_t max_header_bytes) : header_bytes_left_(max_header_bytes) {}

    /// One line of the head, or a trailer, with its end of line. False when the head has become too large.
    bool line(std::string_view text);

    /// Nothing has come yet.
    void begin_anew(std::uint64_t max_header_bytes) {
        auto memory = std::move(memory_);
        *this = answer(max_header_bytes);
        memory_ = std::move(memory);
    }

    /// Where large bodies get their memory from, and leave it.
    void use(std::shared_ptr<body_memory> memory) { memory_ = std::move(memory); }

    /// A piece of the body to keep; `expected` is the length that the server has announced, 0 or less if
    /// none.
    void keep(std::string_view piece, std::int64_t expected);

    /// A piece of the body that is kept elsewhere or dropped.
    void count(std::uint64_t bytes) noexcept { response_.body_size_ += bytes; }

    /// What makes the head one that must not be trusted; null if nothing. To be asked when the head has
    /// ended.
    const char* fault() const noexcept { return fault_; }
    bool head_ended() const noexcept { return head_ended_; }

    /// Whether it says itself where it ends, over HTTP/1.
    bool tells_its_end() const noexcept { return chunked_.value_or(has_length_); }

    const http::headers& headers() const noexcept { return response_.headers(); }
    int status() const noexcept { return response_.status(); }
    bool ok() const noexcept { return response_.ok(); }
    std::uint64_t body_size() const noexcept { return response_.body_size(); }

    /// What has come so far, for somebody who does not wait for the rest.
    response copy() const { return response_; }
    response take() { return std::move(response_); }

private:
    void begin(std::string_view status_line);
    void add(std::string_view name, std::string_view value);
    void check_length(std::string_view length);
    void make_room(std::size_t needed, std::int64_t expected);

    response response_;
    std::shared_ptr<body_memory> memory_;
    std::uint64_t header_bytes_left_;
    const char* fault_ = nullptr;
    bool head_ended_ = true; // so that the first line is a status line
    bool has_length_ = false;
    std::optional<bool> chunked_; // if there is a Transfer-Encoding
};

} // namespace oneloop::http
