#pragma once

#include <oneloop/detail/boxed.hpp>
#include <oneloop/http/headers.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
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
    const http::headers& headers() const& noexcept { return all().headers; }
    http::headers headers() && noexcept { return std::move(*this).take(&contents::headers); }

    /// The body; empty when it was written to a file. While the client has requests under way, the memory of
    /// a large body that nobody has taken serves the next ones: 64 MiB at most are kept for that.
    const std::string& body() const& noexcept { return all().body; }
    std::string body() && noexcept { return std::move(*this).take(&contents::body); }

    /// Bytes of the body, wherever they went.
    std::uint64_t body_size() const noexcept { return body_size_; }

    /// The file that the body of a download was written to; empty if it was written to none.
    const std::string& file() const& noexcept { return all().file; }
    std::string file() && noexcept { return std::move(*this).take(&contents::file); }

    /// Bytes of that file which an earlier download had left; `body_size()` counts those of this answer only,
    /// whose status is then 206.
    std::uint64_t resumed_from() const noexcept { return all().resumed_from; }

    /// The URL that answered, without user name and password.
    const std::string& url() const& noexcept { return all().url; }
    std::string url() && noexcept { return std::move(*this).take(&contents::url); }

    /// The URLs that led here by redirects, the first one first; without user names and passwords.
    const std::vector<std::string>& redirected_from() const& noexcept { return all().redirected_from; }
    std::vector<std::string> redirected_from() && noexcept {
        return std::move(*this).take(&contents::redirected_from);
    }

    /// The method of the request that was answered: a redirect may have made a GET of a POST.
    const std::string& method() const& noexcept { return all().method; }

    /// "HTTP/1.1", or "HTTP/2" (see `client_options::http2`).
    const std::string& version() const& noexcept { return all().version; }

    /// False if the end of the connection was the only sign that the body had ended: then it cannot be told
    /// from one that was cut off (RFC 9112, 8). Also false for an answer over HTTP/2 without a
    /// Content-Length: libcurl takes some that were aborted for complete. Of a compressed body it
    /// says only that all bytes came which the server had announced; libcurl does not tell whether the
    /// compressed stream was cut off before the server sent it.
    bool certainly_complete() const noexcept { return all().certainly_complete; }

    /// The request went over a connection that had served another.
    bool reused_connection() const noexcept { return all().reused_connection; }

    /// How long each stretch took; what had no part in the answer is zero, such as `tls` on a connection that
    /// was used again. `queue`, `resolve` and `total` are of the whole request, the others of the last
    /// attempt. A pause between two attempts counts in `total` only.
    class timing {
    public:
        timing() = default;
        std::chrono::steady_clock::duration queue{}, resolve{}, connect{}, tls{}, first_byte{}, receive{},
            total{};
    };
    const timing& times() const noexcept { return all().times; }

    /// The body as UTF-8, from the charset that Content-Type names, of all those that iconv knows; UTF-8
    /// where it names none. Bytes that mean nothing in that charset become U+FFFD. Throws `error` with
    /// `condition::protocol` for a charset that is not known.
    std::string text() const;

    /// The address that answered, such as "127.0.0.1"; through a proxy it is the proxy's, and of a unix
    /// socket the path.
    const std::string& peer_address() const& noexcept { return all().peer_address; }
    std::string peer_address() && noexcept { return std::move(*this).take(&contents::peer_address); }

private:
    friend class answer;
    friend class transfer;

    struct contents {
        contents() = default;
        contents(contents&&) = default;
        contents(const contents&) = default;
        contents& operator=(contents&&) = delete;
        contents& operator=(const contents&) = delete;
        ~contents();
        http::headers headers;
        std::string body, file, url, method, version, peer_address;
        std::vector<std::string> redirected_from;
        std::uint64_t resumed_from = 0;
        timing times;
        bool certainly_complete = false, reused_connection = false;
        std::weak_ptr<class body_memory> memory; // where that of a large body goes
    };

    const contents& all() const noexcept {
        if (contents_)
            return *contents_;
        static const contents nothing;
        return nothing;
    }
    template <class Member>
    Member take(Member contents::*which) && noexcept {
        return contents_ ? std::move((*contents_).*which) : Member();
    }
    contents& edit() {
        if (!contents_)
            contents_ = oneloop::detail::boxed(contents());
        return *contents_;
    }

    int status_ = 0;
    std::uint64_t body_size_ = 0;
    oneloop::detail::boxed<contents> contents_; // a response that nobody has filled has none
};

} // namespace oneloop::http
