#pragma once

#include <oneloop/http/headers.hpp>

#include <cstdint>
#include <string>

namespace oneloop::http {

/// What the server answered. A 404 is a response, not an error; `throw_for_status()` makes it one.
class response {
public:
    response() = default;

    int status() const noexcept { return status_; }
    bool ok() const noexcept { return status_ >= 200 && status_ < 300; }

    /// The response itself, or `oneloop::error` with the status as its code if that is 400 or more.
    const response& throw_for_status() const&;
    response&& throw_for_status() &&;

    /// These give what they have away when the response itself is a temporary, so that
    /// `for (auto& field : (co_await http.get(url)).headers())` refers to something that lives.
    const http::headers& headers() const& noexcept { return headers_; }
    http::headers headers() && noexcept { return std::move(headers_); }

    /// The body; empty when it was written to a file.
    const std::string& body() const& noexcept { return body_; }
    std::string body() && noexcept { return std::move(body_); }

    /// Bytes of the body, wherever they went.
    std::uint64_t body_size() const noexcept { return body_size_; }

    /// The URL that answered, without user name and password.
    const std::string& url() const& noexcept { return url_; }
    std::string url() && noexcept { return std::move(url_); }

    /// The address that answered, such as "127.0.0.1".
    const std::string& peer_address() const& noexcept { return peer_address_; }
    std::string peer_address() && noexcept { return std::move(peer_address_); }

private:
    friend class answer;

    int status_ = 0;
    http::headers headers_;
    std::string body_, url_, peer_address_;
    std::uint64_t body_size_ = 0;
};

} // namespace oneloop::http
