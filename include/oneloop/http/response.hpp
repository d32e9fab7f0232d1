#pragma once

#include <oneloop/http/headers.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

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

    /// The file that the body of a download was written to; empty if it was written to none.
    const std::string& file() const& noexcept { return file_; }
    std::string file() && noexcept { return std::move(file_); }

    /// Bytes of that file which an earlier download had left; `body_size()` counts those of this answer only,
    /// whose status is then 206.
    std::uint64_t resumed_from() const noexcept { return resumed_from_; }

    /// The URL that answered, without user name and password.
    const std::string& url() const& noexcept { return url_; }
    std::string url() && noexcept { return std::move(url_); }

    /// The URLs that led here by redirects, the first one first; without user names and passwords.
    const std::vector<std::string>& redirected_from() const& noexcept { return redirected_from_; }
    std::vector<std::string> redirected_from() && noexcept { return std::move(redirected_from_); }

    /// The method of the request that was answered: a redirect may have made a GET of a POST.
    const std::string& method() const& noexcept { return method_; }

    /// "HTTP/1.1", or "HTTP/2" (see `client_options::http2`).
    const std::string& version() const& noexcept { return version_; }

    /// False if the end of the connection was the only sign that the body had ended: then it cannot be told
    /// from one that was cut off (RFC 9112, 8). Also false for an answer over HTTP/2 without a Content-Length
    /// with libcurl before 8.4.0, which takes aborted ones for complete.
    bool certainly_complete() const noexcept { return certainly_complete_; }

    /// The request went over a connection that had served another.
    bool reused_connection() const noexcept { return reused_connection_; }

    /// How long each stretch took; what had no part in the answer is zero, such as `tls` on a connection that
    /// was used again. `queue`, `resolve` and `total` are of the whole request, the others of the last
    /// attempt.
    class timing {
    public:
        timing() = default;
        std::chrono::steady_clock::duration queue{}, resolve{}, connect{}, tls{}, first_byte{}, receive{},
            total{};
    };
    const timing& times() const noexcept { return times_; }

    /// The body as UTF-8, from the charset that Content-Type names, of all those that iconv knows; UTF-8
    /// where it names none. Bytes that mean nothing in that charset become U+FFFD. Throws `error` with
    /// `condition::protocol` for a charset that is not known.
    std::string text() const;

    /// The address that answered, such as "127.0.0.1"; through a proxy it is the proxy's, and of a unix
    /// socket the path.
    const std::string& peer_address() const& noexcept { return peer_address_; }
    std::string peer_address() && noexcept { return std::move(peer_address_); }

private:
    friend class answer;
    friend class transfer;

    int status_ = 0;
    http::headers headers_;
    std::string body_, file_, url_, method_, version_, peer_address_;
    std::vector<std::string> redirected_from_;
    std::uint64_t body_size_ = 0, resumed_from_ = 0;
    timing times_;
    bool certainly_complete_ = false, reused_connection_ = false;
};

} // namespace oneloop::http
