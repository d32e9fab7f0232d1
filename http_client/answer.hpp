#pragma once

#include <oneloop/http/response.hpp>

#include <cstdint>
#include <string_view>

namespace oneloop::http {

/// Puts a response together from the lines and pieces that come. Knows no sockets and no limits but those of
/// size.
class answer {
public:
    explicit answer(std::uint64_t max_header_bytes) : header_bytes_left_(max_header_bytes) {}

    /// One line of the head, or a trailer, with its end of line. False when the head has become too large.
    bool line(std::string_view text);

    /// A piece of the body to keep; `expected` is the length that the server has announced, 0 or less if
    /// none.
    void keep(std::string_view piece, std::int64_t expected);

    /// A piece of the body that is kept elsewhere or dropped.
    void count(std::uint64_t bytes) noexcept { response_.body_size_ += bytes; }

    /// What makes the head one that must not be trusted; null if nothing. To be asked when the head has
    /// ended.
    const char* fault() const;
    bool head_ended() const noexcept { return head_ended_; }

    const http::headers& headers() const noexcept { return response_.headers(); }
    int status() const noexcept { return response_.status(); }
    bool ok() const noexcept { return response_.ok(); }
    std::uint64_t body_size() const noexcept { return response_.body_size(); }

    /// What has come so far, for somebody who does not wait for the rest.
    response copy() const { return response_; }
    response take() { return std::move(response_); }

private:
    void begin(std::string_view status_line);

    response response_;
    std::uint64_t header_bytes_left_;
    bool head_ended_ = true; // so that the first line is a status line
};

/// Whether an answer says itself where it ends, over HTTP/1.
bool tells_its_end(const headers&);

} // namespace oneloop::http
