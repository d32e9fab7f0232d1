#pragma once

#include <oneloop/detail/boxed.hpp>
#include <oneloop/detail/completion.hpp>
#include <oneloop/http/body_reader.hpp>
#include <oneloop/http/cookie.hpp>
#include <oneloop/http/download.hpp>
#include <oneloop/http/error.hpp>
#include <oneloop/http/fetcher.hpp>
#include <oneloop/http/options.hpp>
#include <oneloop/http/request.hpp>
#include <oneloop/http/response.hpp>
#include <oneloop/token.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace oneloop::http {

class engine;

namespace detail {

using response_handler = oneloop::detail::completion<response>;
using boxed_request = oneloop::detail::boxed<request>;
void start_send(const std::shared_ptr<engine>&, response_handler, boxed_request);
void start_stream(const std::shared_ptr<engine>&, oneloop::detail::completion<body_reader>, boxed_request);
void start_download(
    const std::shared_ptr<engine>&, response_handler, std::string url, std::string path, bool into,
    download_options
);
void start_close(const std::shared_ptr<engine>&, oneloop::detail::completion<>);

// Tells post(url, body) from post(url, options) and post(url, token)
template <class T>
concept token_like = !std::is_convertible_v<T, download_options> && !std::is_convertible_v<T, http::body>;

} // namespace detail

/// An HTTP client: many requests at once on one loop, connections kept and used again.
///
/// It belongs to the loop it was made for and must not outlive it. Operations may be started, awaited and
/// cancelled from any thread and any loop; everything else, the destructor included, belongs to the client's
/// own loop. Requests beyond the limits wait in a queue: hosts take turns,
/// and each host's requests keep their order.
///
/// **Cancellation** (every type) completes an operation at once with `condition::cancelled`. One that waited
/// or was looking up a name costs nothing; one in flight costs its connection, because HTTP/1.1 has no way to
/// take a request back (HTTP/2 has). The failure's outcome says whether the server may have acted.
///
/// Proxies of the environment are not used; see `client_options::proxy`.
class client {
public:
    using executor_type = executor;

    /// Throws `system_error` if the process has no descriptor left, and `error` with `condition::argument`
    /// for options that cannot be used: a user agent with a line break in it, a file to trust that is not
    /// there, a proxy that is no URL, and the like.
    explicit client(executor loop, client_options options = client_options());

    /// Cancels what is pending: each operation completes with `condition::closed`.
    ~client();
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;

    executor_type get_executor() const noexcept { return loop_; }

    /// Sends a request and gives the whole answer, its body in memory.
    ///
    /// Completes with `void(error_code, response)`. Whatever status the server gives is a response. A failure
    /// is told by phase (queue, resolve, connect, tls, first byte, receive, file), by the limit that was hit,
    /// and by what became of the request. The URL is http or https, or relative to `base_url`; a user name
    /// and password in it are sent as basic authentication, and are not shown in any failure.
    ///
    /// Redirects are followed (see `client_options::max_redirects`). A request that leaves its origin, which
    /// is scheme, host and port, takes no header field along but those that are known to hold no secret
    /// (Accept…, User-Agent, Content-Type, Range and the like), also not when it comes back.
    ///
    /// When a kept connection turns out to be dead, a request that may be repeated (GET, HEAD, PUT, DELETE,
    /// OPTIONS) goes out once more; any other fails as `in_doubt`.
    template <class Token = throwing_t>
    [[nodiscard]] auto send(request what, Token&& token = {}) {
        return initiate<&detail::start_send, response>(token, detail::boxed_request(std::move(what)));
    }

    /// `send` with this method. The body, where there is one, is an `http::body`, `form`, `multipart` or
    /// `text`.
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto get(std::string url, Token&& token = {}) {
        return send(request(std::move(url)), std::forward<Token>(token));
    }
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto get(std::string url, request_options options, Token&& token = {}) {
        return send(request(std::move(url)).options(std::move(options)), std::forward<Token>(token));
    }
    /// The answer to HEAD has no body.
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto head(std::string url, request_options options = {}, Token&& token = {}) {
        return send(request("HEAD", std::move(url)).options(std::move(options)), std::forward<Token>(token));
    }
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto del(std::string url, request_options options = {}, Token&& token = {}) {
        return send(
            request("DELETE", std::move(url)).options(std::move(options)), std::forward<Token>(token)
        );
    }
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto post(
        std::string url, http::body body, request_options options = {}, Token&& token = {}
    ) {
        return send_body("POST", std::move(url), std::move(body), std::move(options), token);
    }
    template <detail::token_like Token>
    [[nodiscard]] auto post(std::string url, http::body body, Token&& token) {
        return send_body("POST", std::move(url), std::move(body), {}, token);
    }
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto put(
        std::string url, http::body body, request_options options = {}, Token&& token = {}
    ) {
        return send_body("PUT", std::move(url), std::move(body), std::move(options), token);
    }
    template <detail::token_like Token>
    [[nodiscard]] auto put(std::string url, http::body body, Token&& token) {
        return send_body("PUT", std::move(url), std::move(body), {}, token);
    }
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto patch(
        std::string url, http::body body, request_options options = {}, Token&& token = {}
    ) {
        return send_body("PATCH", std::move(url), std::move(body), std::move(options), token);
    }
    template <detail::token_like Token>
    [[nodiscard]] auto patch(std::string url, http::body body, Token&& token) {
        return send_body("PATCH", std::move(url), std::move(body), {}, token);
    }

    /// Sends a request and completes when the head of the answer is here, with `void(error_code,
    /// body_reader)`: the body is read from there, piece by piece, in bounded memory.
    ///
    /// All else is as with `send`: limits, redirects, retries. The request keeps its place among those in
    /// flight until the body has ended or the reader is destroyed. An answer that is tried again for its
    /// status is not given unless its body is larger than `read_ahead`. Cancelling this is cancelling the
    /// request.
    template <class Token = throwing_t>
    [[nodiscard]] auto stream(request what, Token&& token = {}) {
        return initiate<&detail::start_stream, body_reader>(token, detail::boxed_request(std::move(what)));
    }
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto stream(std::string url, Token&& token = {}) {
        return stream(request(std::move(url)), std::forward<Token>(token));
    }
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto stream(std::string url, request_options options, Token&& token = {}) {
        return stream(request(std::move(url)).options(std::move(options)), std::forward<Token>(token));
    }

    /// Sends many requests, `in_flight` of them at a time, and gives their answers in the order in which they
    /// come: see `fetcher`. Nothing is sent before its first `next()`.
    ///
    /// `source` is a range of URLs or of `request`s, or something with a `next()` such as a
    /// `generator<std::string>`, which is moved in. A container that is not moved in has to live as long as
    /// the fetcher. URLs are fetched with GET and `options`, requests have their own. It is walked no further
    /// ahead than there is room, so a source that says "wait" (a channel behind a generator) holds up nothing
    /// else.
    ///
    /// The limits of the client count as well: what is above them waits in its queue.
    template <class Source>
    requires detail::range_of_requests<Source>
    [[nodiscard]] fetcher fetch_each(Source&& source, std::size_t in_flight, request_options options = {}) {
        auto walk =
            detail::source_of_range(std::views::all(std::forward<Source>(source)), std::move(options));
        return fetcher(loop_, engine_, std::move(walk), in_flight);
    }
    template <detail::asynchronous_source Source>
    [[nodiscard]] fetcher fetch_each(Source source, std::size_t in_flight, request_options options = {}) {
        return fetcher(
            loop_, engine_, detail::source_of_items(std::move(source), std::move(options)), in_flight
        );
    }

    /// Fetches `url` with GET and writes the body of a 2xx answer to the file `path`; gives the answer
    /// without its body.
    ///
    /// The body goes to a new file beside it (`path` with a random ending and ".part"), which takes the name
    /// `path` when all has come and has been forced to the disk: there is never half a file under that name.
    /// On any failure, and for a status that is not 2xx, `path` is left as it was and the ".part" file
    /// removed, shortly after this has completed; `close()` waits for that. Only a cancel or a limit in the
    /// very moment in which the file takes its name may find it there all the same, and so may a failure to
    /// force the name to the disk. The body of an answer with another status is dropped.
    ///
    /// `download_options` can keep what came before a failure and go on from there (`resume`), check the
    /// file (`sha256`, `expected_size`), tell how far it is (`on_progress`), and leave out the forcing to the
    /// disk (`sync`). A server that sends a part (206) to whom asked for the whole is refused with
    /// `condition::protocol`, and so is, at its end, a body whose end nothing proves: neither a length nor
    /// chunks nor a checksum (see `download_options::accept_unproven_end`).
    ///
    /// Cancelling costs the connection, and what came, unless `resume` keeps it.
    ///
    /// Files are touched on `default_pool()` only. A failure of the disk has `phase::file` and
    /// `condition::file`; a path that cannot be written fails before anything is sent. A link at `path` is
    /// replaced, not followed; one at the place of a part to be resumed is `condition::file`.
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto download(std::string url, std::string path, Token&& token = {}) {
        return download(std::move(url), std::move(path), download_options(), std::forward<Token>(token));
    }

    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto download(
        std::string url, std::string path, download_options options, Token&& token = {}
    ) {
        return initiate<&detail::start_download, response>(
            token, std::move(url), std::move(path), false, std::move(options)
        );
    }

    /// The same to a file in `directory`, which must be there, with a name that is made from the URL;
    /// `response::file()` tells its path.
    ///
    /// The name is the last segment of the path of the URL that was asked for, percent-decoded. (Not of the
    /// one that a redirect leads to, nor what the server calls it: whoever asks chooses the name. See
    /// `download_options::server_name`.) Slashes, control characters and marks that turn the direction of
    /// text become "_", bytes that are no UTF-8 become U+FFFD, dots, dashes and blanks at its beginning and
    /// dots and blanks at its end are dropped, and it has 225 bytes at most; if nothing is left, it is
    /// "download". "x.part" and "x.part.info" become "x_part" and "x_part.info": no server can plant what
    /// looks like the part of another download.
    ///
    /// No file is ever overwritten: if there is one of that name, or a link, ours becomes "name-1.txt",
    /// "name-2.txt" and so on. With `resume` the part is named after the URL as well, so that the next call
    /// with the same URL and directory finds it.
    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto download_into(std::string url, std::string directory, Token&& token = {}) {
        return download_into(
            std::move(url), std::move(directory), download_options(), std::forward<Token>(token)
        );
    }

    template <detail::token_like Token = throwing_t>
    [[nodiscard]] auto download_into(
        std::string url, std::string directory, download_options options, Token&& token = {}
    ) {
        return initiate<&detail::start_download, response>(
            token, std::move(url), std::move(directory), true, std::move(options)
        );
    }

    /// Takes no new request (they fail with `condition::closed`), waits for those that were accepted, queued
    /// ones included, and for the files of those that ended, and closes the connections.
    ///
    /// Completes with `void(error_code)`. Each request has its own limits, so this ends. Cancelling it ends
    /// the wait; the client stays closed to new requests.
    template <class Token = throwing_t>
    [[nodiscard]] auto close(Token&& token = {}) {
        return initiate<&detail::start_close>(token);
    }

    /// How many requests wait for a place and how many are under way, this moment; and how many have ended
    /// since the client was made. What was refused before it was accepted (an argument, a full queue, a
    /// client that closes) counts nowhere, nor is there a trace or a line of log about it.
    class statistics {
    public:
        statistics() = default;
        std::size_t queued = 0, in_flight = 0;
        std::uint64_t completed = 0, failed = 0;
        std::uint64_t retried = 0; ///< attempts beyond the first
    };
    statistics stats() const;

    /// The same for one host (scheme, host and port), and how often a connection to it was made and used
    /// again.
    class host_statistics {
    public:
        host_statistics() = default;
        std::string origin; ///< "https://example.org:443"
        std::size_t queued = 0, in_flight = 0;
        std::uint64_t completed = 0, failed = 0, retried = 0;
        std::uint64_t bytes = 0; ///< of the bodies
        std::uint64_t connected = 0, reused = 0;
    };
    /// Of the last thousand hosts to which a request has ended, the last one first; before them those that
    /// have requests waiting or under way, and none that has ended. A request that was redirected counts
    /// for the host that answered in the end.
    std::vector<host_statistics> stats_by_host() const;

    /// The cookies that are kept at this moment, in no order; none where `client_options::cookies` is off.
    std::vector<cookie> cookies() const;

    /// Forgets all cookies. Requests under way may bring new ones.
    void clear_cookies();

private:
    template <class Token>
    auto send_body(
        const char* method, std::string url, http::body what, request_options options, Token& token
    ) {
        request whole(method, std::move(url));
        whole.body(std::move(what)).options(std::move(options));
        return initiate<&detail::start_send, response>(token, detail::boxed_request(std::move(whole)));
    }

    template <auto Start, class... Results, class Token, class... Args>
    auto initiate(Token& token, Args... args) {
        using start_type = decltype(Start);
        return boost::asio::async_initiate<Token, void(error_code, Results...)>(
            oneloop::detail::initiation<engine, start_type, Results...>(loop_, engine_, Start), token,
            std::move(args)...
        );
    }

    executor loop_;
    std::shared_ptr<engine> engine_;
};

} // namespace oneloop::http
