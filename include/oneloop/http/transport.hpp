#pragma once

/// The seam below the client: in place of libcurl and the network, a coroutine of the program's own answers
/// each attempt at a request. All above it stays as it is: queue and limits, redirects, retries, time limits
/// (also in the virtual time of `oneloop::testing`), streams, files and `fetch_each`.

#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>
#include <oneloop/http/headers.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace oneloop::http {

/// A request as it would go out. The fields of authentication that libcurl makes itself (`basic_auth`,
/// `digest_auth`, a user name in the URL), its own such as Host, and cookies are not among `fields`.
class wire_request {
public:
    wire_request() = default;
    std::string method, url; ///< without user name and password
    headers fields;
    std::string body;
};

/// What comes back.
class wire_answer {
public:
    wire_answer() = default;
    int status = 200;
    headers fields;
    std::string body;
    bool cut = false; ///< the connection is lost after that much of the body
};

/// Given with `client_options::transport`; called on the client's loop.
class transport {
public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    /// Answers one attempt. It is cancelled when the request is, or meets a limit. `error` thrown from here
    /// is the request's failure, whose outcome is in doubt: it is tried again only if the method may be
    /// repeated and the client's policy says so.
    virtual awaitable<wire_answer> exchange(wire_request) = 0;
};

/// Answers as it was told to, and notes what it was asked: for the tests of programs.
///
///     auto server = std::make_shared<http::scripted_transport>();
///     server->answer("GET", "http://api.test/cars", http::scripted(200, "[]"));
///     http::client http(loop, http::client_options().transport(server));
class scripted {
public:
    explicit scripted(int status = 200, std::string body = "") {
        answer_.status = status;
        answer_.body = std::move(body);
    }
    scripted& header(std::string name, std::string value) {
        return answer_.fields.add(std::move(name), std::move(value)), *this;
    }
    /// So long after it was asked; `testing::run` need not wait for it.
    scripted& after(std::chrono::steady_clock::duration d) { return after_ = d, *this; }
    /// The connection is lost when the body has come.
    scripted& cut() { return answer_.cut = true, *this; }
    /// No answer at all.
    static scripted failing(failure why) {
        scripted s;
        s.why_ = std::move(why);
        return s;
    }

private:
    friend class scripted_transport;
    wire_answer answer_;
    std::chrono::steady_clock::duration after_{};
    failure why_;
};

class scripted_transport final : public transport {
public:
    /// Given in turn to requests with this method and URL (as the client shows it: "http://host/" with the
    /// slash), the last again and again. A request that nobody has told of fails with `condition::argument`,
    /// naming it.
    void answer(const std::string& method, const std::string& url, scripted what);

    /// All that were asked, in order.
    const std::vector<wire_request>& requests() const noexcept { return requests_; }

    awaitable<wire_answer> exchange(wire_request) override;

private:
    std::vector<wire_request> requests_;
    std::vector<std::pair<std::string, std::vector<scripted>>> answers_; // in the order of their first one
};

} // namespace oneloop::http
