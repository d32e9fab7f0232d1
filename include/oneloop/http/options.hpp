#pragma once

#include <oneloop/http/address_guard.hpp>
#include <oneloop/http/headers.hpp>
#include <oneloop/http/tls_options.hpp>
#include <oneloop/http/trace.hpp>
#include <oneloop/retry_policy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop {
class resolver;
}

namespace oneloop::http {

class transport;

using duration = std::chrono::steady_clock::duration;

/// How long each stretch of a request may take. Reaching one ends the request with `condition::timeout`, and
/// the failure names it. Zero or less means no time at all, not
/// "no limit": for that there is `duration::max()`.
class timeouts {
public:
    timeouts() =
        default; // declared, so that it is no aggregate: g++ 12 destroys temporary ones twice in a co_await

    duration queue = std::chrono::minutes(5);    ///< waiting for a place among those in flight
    duration connect = std::chrono::seconds(10); ///< name look-up, connecting and the TLS handshake together
    duration first_byte = std::chrono::seconds(30); ///< from the request sent to the first byte of the answer
    duration stall = std::chrono::seconds(30); ///< without one more byte of the answer, while we want some,
                                               ///< or taken of a request's body of more than 64 KiB
    duration total = std::chrono::minutes(5);  ///< everything but the queue
};

/// Options of one request, each falling back to the client's. Safe to build inside a `co_await` expression:
/// `co_await http.get(url, http::request_options{}.total_timeout(5s).header("Accept", "text/html"))`.
class request_options {
public:
    request_options() = default;

    /// Adds a header field. CR, LF, NUL and other control characters in it, or a name that is none, fail the
    /// request with `condition::argument`. So do fields that say where a request ends or what becomes of its
    /// connection, since libcurl makes them: Content-Length and Transfer-Encoding (give the body as `body` or
    /// `upload`), Upgrade, Trailer, a Connection other than "close" and "keep-alive", a TE other than
    /// "trailers", and a second Host.
    request_options& header(std::string name, std::string value) {
        headers_.add(std::move(name), std::move(value));
        return *this;
    }
    /// Adds a parameter to the query of the URL, percent-encoded: `.query("q", "a b&c")` asks for
    /// "?q=a%20b%26c".
    /// URL and header fields of more than 1,000,000 bytes together fail the request with
    /// `condition::argument`.
    request_options& query(std::string_view name, std::string_view value);

    /// Who asks, told to the origin of the request and to no other that it is redirected to: Basic (RFC
    /// 7617), Digest (RFC 7616; one more round trip) or Bearer (RFC 6750). Over plain http all but Digest can
    /// be read by everybody on the way. A control character in user name, password or token, and with Basic a
    /// colon in the user name, fails the request with `condition::argument`.
    request_options& basic_auth(std::string user, std::string password) {
        return user_ = std::move(user), password_ = std::move(password), digest_ = false, *this;
    }
    request_options& digest_auth(std::string user, std::string password) {
        return user_ = std::move(user), password_ = std::move(password), digest_ = true, *this;
    }
    request_options& bearer(std::string_view token) {
        return headers_.set("Authorization", std::string("Bearer ").append(token)), *this;
    }

    /// Redirects to follow (10). 0: a 3xx is given back as it came. One more than that ends the request with
    /// `condition::limit`.
    request_options& max_redirects(std::size_t n) { return max_redirects_ = n, *this; }

    /// False: no Accept-Encoding is sent, and a body comes as the server has it.
    request_options& compressed(bool yes) { return compressed_ = yes, *this; }

    request_options& connect_timeout(duration d) { return times_.connect = d, *this; }
    request_options& first_byte_timeout(duration d) { return times_.first_byte = d, *this; }
    request_options& stall_timeout(duration d) { return times_.stall = d, *this; }
    request_options& queue_timeout(duration d) { return times_.queue = d, *this; }
    request_options& total_timeout(duration d) { return times_.total = d, *this; }

    /// Tries again what failed and may pass: `http.get(url, http::request_options().retry(retry_policy()))`
    /// makes up to three attempts. Without a rule of the policy's own that is
    ///   - a failure to resolve, to connect or on the network, of HTTP/2's framing, or a limit of time (not
    ///     those of the queue and of the total), if nothing was sent or the method may be repeated (GET,
    ///     HEAD, PUT, DELETE, OPTIONS; any with `idempotent()`);
    ///   - an answer with the status 408, 425, 429, 502, 503 or 504, if the method may be repeated: after the
    ///   time
    ///     that its Retry-After asks for, if that is longer than the pause.
    /// `total_timeout` runs through all attempts and pauses, though not while the request waits in the queue
    /// for its place, and a pause that would reach beyond it, or
    /// beyond the policy's `total_time`, is not begun: the last answer or failure is given. A file of which
    /// something was written already is not begun anew; with `download_options::resume` it is gone on with.
    /// The outcome of the failure that is given is that of the whole request: once a server may have acted on
    /// an attempt, or on what it redirected elsewhere, it is `in_doubt` at least, though nothing of the last
    /// attempt was sent. See also `client_options::max_retries_saved`.
    request_options& retry(retry_policy policy) { return retry_ = std::move(policy), *this; }

    /// Bytes of the body at most; more ends the request with `condition::limit`.
    request_options& max_body(std::uint64_t bytes) { return max_body_ = bytes, *this; }

    /// Bytes of a body that `client::stream` keeps for a program that does not read as fast as the server
    /// sends (256 KiB).
    request_options& read_ahead(std::size_t bytes) { return read_ahead_ = bytes, *this; }

    /// Takes whatever certificate the server shows, for this request only, and not for another origin that it
    /// is redirected to: whoever sits between can read and change everything, unless the host's key is pinned
    /// (`tls_options::pin`). For servers of your own whose certificate you cannot have signed.
    request_options& dangerously_accept_any_certificate() { return accept_any_certificate_ = true, *this; }

    const http::headers& fields() const noexcept { return headers_; }

private:
    friend class engine;
    friend class transfer;

    struct overrides {
        std::optional<duration> queue, connect, first_byte, stall, total;
    };

    http::headers headers_;
    std::string query_, user_, password_;
    bool digest_ = false;
    overrides times_;
    std::optional<retry_policy> retry_;
    std::optional<std::uint64_t> max_body_;
    std::optional<std::size_t> max_redirects_;
    std::optional<bool> compressed_;
    std::size_t read_ahead_ = std::size_t{256} << 10;
    bool accept_any_certificate_ = false;
};

/// Options of a client. Every limit has a default; all can be changed before the client is made.
class client_options {
public:
    client_options() = default;

    client_options& time_limits(timeouts t) { return times_ = t, *this; }
    client_options& queue_timeout(duration d) { return times_.queue = d, *this; }
    client_options& connect_timeout(duration d) { return times_.connect = d, *this; }
    client_options& first_byte_timeout(duration d) { return times_.first_byte = d, *this; }
    client_options& stall_timeout(duration d) { return times_.stall = d, *this; }
    client_options& total_timeout(duration d) { return times_.total = d, *this; }

    /// Requests under way at once, in total (100) and to one host and port (8); the others wait in the queue.
    client_options& max_in_flight(std::size_t n) { return max_in_flight_ = n, *this; }
    client_options& max_in_flight_per_host(std::size_t n) { return max_in_flight_per_host_ = n, *this; }

    /// From the beginning of one request to a host to that of the next, at least (none): politeness when one
    /// crawls. Redirects and retries count as requests; the second request of `digest_auth`, and one that
    /// libcurl repeats on a new connection as a kept one had died, go out at once. Meanwhile requests to that
    /// host wait in the queue, and those to others go on.
    client_options& min_host_interval(duration d) { return host_pause_ = d, *this; }
    /// The same, as requests per second; 0 is no limit.
    client_options& max_host_rate(double per_second) {
        const std::chrono::duration<double> pause(per_second > 0 ? 1 / per_second : 0);
        return min_host_interval(std::chrono::duration_cast<duration>(pause));
    }

    /// Requests that wait for a place at most (100,000). One more fails with `condition::limit`, and nothing
    /// was sent.
    client_options& max_queued(std::size_t n) { return max_queued_ = n, *this; }

    /// Bytes of a body at most: in memory (64 MiB), and written to a file or read in pieces (64 GiB).
    client_options& max_body(std::uint64_t bytes) { return max_body_ = bytes, *this; }
    client_options& max_file(std::uint64_t bytes) { return max_file_ = bytes, *this; }

    /// Bytes of the header fields of an answer at most (256 KiB), those of interim answers included.
    client_options& max_headers(std::uint64_t bytes) { return max_headers_ = bytes, *this; }

    /// A header field of every request, unless the request has one of that name itself. It goes to whichever
    /// server a request asks, but like those of a request it is not taken to another origin by a redirect
    /// unless it is known to hold no secret. What `request_options::header` refuses makes the client's
    /// constructor throw.
    client_options& header(std::string name, std::string value) {
        headers_.add(std::move(name), std::move(value));
        return *this;
    }

    /// How each request is tried again (not at all).
    client_options& retry(retry_policy policy) { return retry_ = std::move(policy), *this; }

    /// Retries of all requests together: each ten requests earn one, and so many can be saved up (10). When
    /// they are used up, failures are given as they are: a server that is down is not asked twice as often as
    /// one that is up.
    client_options& max_retries_saved(std::size_t n) { return max_retries_saved_ = n, *this; }

    /// What URLs without a scheme are relative to (RFC 3986, 5): with "https://api.example.org/v1/" a request
    /// for "cars" asks for "https://api.example.org/v1/cars", and one for "/cars" for
    /// "https://api.example.org/cars".
    client_options& base_url(std::string url) { return base_url_ = std::move(url), *this; }

    /// Redirects that each request follows (10).
    client_options& max_redirects(std::size_t n) { return max_redirects_ = n, *this; }

    /// Follows redirects from https to http. Off: such a request fails with `condition::forbidden`.
    client_options& allow_downgrade(bool yes) { return allow_downgrade_ = yes, *this; }

    /// Which addresses may be connected to (all). A request to another fails with `condition::forbidden`; of
    /// a name with several, only those that may are tried.
    client_options& guard(address_guard g) { return guard_ = std::move(g), *this; }

    /// Asks for compressed bodies, in whichever ways libcurl can undo (gzip, deflate, and brotli and zstd
    /// where it was built with them), and undoes them (on). Limits count what has been undone.
    client_options& compressed(bool yes) { return compressed_ = yes, *this; }

    /// How much larger than what was sent a body may become when its compression is undone (200 times, once
    /// it is larger than a mebibyte). More ends the request with `condition::limit`.
    client_options& max_expansion(std::uint64_t times) { return max_expansion_ = times, *this; }

    /// Is told of every step of every request (see `trace_function`). Costs nothing where it is not set.
    client_options& trace(trace_function told) { return trace_ = std::move(told), *this; }

    /// Is given a line about every request that is done (`log_line`), for a log:
    /// `.log([](const std::string& line) { std::clog << line << "\n"; })`. No secret is in it.
    /// It is called as a `trace_function` is, and must not throw.
    client_options& log(std::function<void(const std::string&)> write) {
        return log_ = std::move(write), *this;
    }

    /// Answers in place of libcurl and the network; for tests: `scripted_transport`.
    client_options& transport(std::shared_ptr<http::transport> t) { return transport_ = std::move(t), *this; }

    /// The User-Agent field ("oneloop/0.1.0").
    client_options& user_agent(std::string name) { return user_agent_ = std::move(name), *this; }

    /// Whom to trust over https, and who we are.
    client_options& tls(tls_options t) { return tls_ = std::move(t), *this; }

    /// A file of PEM certificates to trust in place of the system's: `tls_options::trust_file` by a shorter
    /// name.
    client_options& trust_file(std::string path) { return tls_.trust_file(std::move(path)), *this; }

    /// Sends everything through a proxy: "http://user:password@host:3128", or https, socks5 or socks5h in
    /// place of http, with these default ports: 80, 443, 1080, 1080. (Not at all; variables of the
    /// environment such as http_proxy are never looked at.) What is no such URL makes the client's
    /// constructor throw.
    ///
    /// - An http or https proxy is asked for http URLs as for a page, and sees all of them; for https URLs it
    ///   makes a tunnel with CONNECT and sees host and port only. A SOCKS proxy always makes a tunnel. The
    ///   proxy alone is told its user name and password (Basic or SOCKS), and they are not shown in any
    ///   failure; the header fields of a request, Authorization among them, go to the origin alone (to an
    ///   http URL they pass through the proxy, as the rest of the request).
    /// - oneloop looks up the proxy's name. Those of the servers go to the proxy as they are, with both of
    ///   socks5 and socks5h: nothing of them is asked of DNS from here.
    /// - The address guard judges what is dialled, which is the proxy. Of the server it sees a host that is
    ///   written as an address, and "localhost"; what a name means to the proxy is the proxy's to guard.
    /// - A proxy that cannot be reached or refuses the tunnel fails the request in `phase::connect` with
    ///   `outcome::not_sent`; the failure names the proxy, and of a refusal its code is the proxy's status
    ///   (`condition::server`). For an http URL whatever the proxy answers is the response.
    /// - `response::peer_address()` is the proxy's. Limits per host count the servers, not the proxy.
    client_options& proxy(std::string url) { return proxy_ = std::move(url), *this; }

    /// Hosts to which requests go directly, beside those given before: names, which stand for the hosts below
    /// them as well ("example.org", or ".example.org"), addresses and networks ("10.0.0.0/8", "fd00::/8")
    /// that a host is compared with if it is written as an address, or "*" for all; several with commas
    /// between.
    client_options& no_proxy(std::string_view hosts) {
        no_proxy_.append(no_proxy_.empty() ? "" : ",").append(hosts);
        return *this;
    }

    /// Sends everything to the server that listens on this unix socket, whatever host the URL names: that is
    /// told in the Host field (and, with https, checked in the certificate). No name is looked up, and the
    /// address guard is not asked. A path of more than 107 bytes, and one beside a proxy, makes the client's
    /// constructor throw.
    client_options& unix_socket(std::string path) { return unix_socket_ = std::move(path), *this; }

    /// Keeps the cookies that servers set, those set by redirects too, in memory and for this client alone,
    /// and sends them back to where they belong (off). What they may be and where they belong is libcurl's to
    /// say: Domain, Path, Secure and Max-Age by RFC 6265, none for a whole public suffix such as "co.uk", 50
    /// from one answer and 150 with one request at most; how many are kept in all is not limited. A Cookie
    /// field of a request's own is sent in one with them. Needs a libcurl that knows the list of public
    /// suffixes: without it the client's constructor throws. See also `client::cookies()`.
    client_options& cookies(bool yes) { return cookies_ = yes, *this; }

    /// Speaks HTTP/2 with servers that offer it over https; many requests then share one connection. On with
    /// libcurl 8.4.0 and later, and off before.
    ///
    /// Think twice before you switch it on with an older one, such as the 7.88.1 of Debian 12: these are
    /// known to have crashed on HTTP/2 (curl issue 10936), to stall after many cancelled requests, to lose
    /// the rest of a body that waits for its reader when the server ends the connection, and to take a body
    /// that was reset for whole: where the server announces no length, `response::certainly_complete()` is
    /// therefore false. A request that the server refused or did not get to is not repeated by itself:
    /// `retry` does it. A server that answers before it has the body, and breaks the stream off
    /// then, is told as an error; one that neither reads the rest of a large body nor breaks it off is waited
    /// for until a time limit.
    ///
    /// Cancelling a request over HTTP/2 does not cost the connection. `max_in_flight_per_host` counts
    /// streams. Over plain http it is never spoken. With a libcurl that was built without HTTP/2 the client's
    /// constructor throws if it is switched on.
    client_options& http2(bool yes) { return http2_ = yes, *this; }

    /// A resolver to share with other clients of the same loop; without one the client makes its own.
    client_options& resolve_with(std::shared_ptr<resolver> r) { return resolver_ = std::move(r), *this; }

private:
    friend class connection_setup;
    friend class engine;
    friend class transfer;

    timeouts times_;
    std::size_t max_in_flight_ = 100, max_in_flight_per_host_ = 8, max_queued_ = 100'000;
    duration host_pause_ = duration::zero();
    std::uint64_t max_body_ = std::uint64_t{64} << 20, max_file_ = std::uint64_t{64} << 30;
    std::uint64_t max_headers_ = std::uint64_t{256} << 10;
    std::uint64_t max_expansion_ = 200;
    std::size_t max_redirects_ = 10, max_retries_saved_ = 10;
    std::optional<retry_policy> retry_;
    bool allow_downgrade_ = false, compressed_ = true;
    http::headers headers_;
    address_guard guard_;
    std::string user_agent_ = "oneloop/0.1.0", base_url_;
    std::string proxy_, no_proxy_, unix_socket_;
    tls_options tls_;
    bool cookies_ = false;
    std::optional<bool> http2_;
    std::shared_ptr<resolver> resolver_;
    trace_function trace_;
    std::function<void(const std::string&)> log_;
    std::shared_ptr<http::transport> transport_;
};

} // namespace oneloop::http
