#pragma once

/// A body that is made while it is sent:
///
///     awaitable<> lines(yield<std::string>& out) {
///         for (int i = 0; i < 1'000'000; ++i)
///             co_await out(std::to_string(i) + "\n");
///     }
///
///     generator<std::string> source(co_await this_coro::executor, lines);
///     co_await http.put(url, http::upload(std::move(source)).type("text/plain"));

#include <oneloop/awaitable.hpp>
#include <oneloop/http/body.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace oneloop::http {

namespace detail {

/// Where the pieces come from, whatever it is.
class piece_source {
public:
    virtual ~piece_source() = default;
    virtual awaitable<std::optional<std::string>> next() = 0;

    bool asked = false; // by the first request that sends it: no other can have what it gives
};

template <class Source>
concept has_next = requires(Source& s) {
    { s.next() } -> std::same_as<awaitable<std::optional<std::string>>>;
};
template <class Source>
concept has_read = requires(Source& s) {
    { s.read() } -> std::same_as<awaitable<std::optional<std::string>>>;
};

template <class Source>
class source_of final : public piece_source {
public:
    explicit source_of(Source s) : source_(std::move(s)) {}
    awaitable<std::optional<std::string>> next() override {
        if constexpr (has_next<Source>)
            return source_.next();
        else
            return source_.read();
    }

private:
    Source source_;
};

} // namespace detail

/// Pieces of a body from a `generator<std::string>`, from a `body_reader` (what is downloaded here is sent
/// there), or from anything else that is moved in and has such a `next()` or `read()`.
///
/// The next piece is asked for while one is being sent, no further ahead. While the source takes its time no
/// limit runs but `total_timeout`. What the source throws fails the request, and ends the connection, so that
/// the server does not take a part for the whole. When the request has ended otherwise, the source is
/// cancelled, and destroyed some turns of the loop later.
///
/// It can be sent once: a request whose source was asked already is not tried again, and a redirect that asks
/// for the body anew (307, 308) fails with `condition::argument`. Copies share the source: a second request
/// that sends one fails with `condition::argument` as well.
class upload {
public:
    template <class Source>
    requires detail::has_next<Source> || detail::has_read<Source>
    explicit upload(Source source)
        : source_(std::make_shared<detail::source_of<Source>>(std::move(source))) {}

    upload& type(std::string content_type) { return type_ = std::move(content_type), *this; }

    /// How many bytes there will be: they are announced, and a source with fewer, or with more in the piece
    /// that reaches that number, fails the request. What it would give after that is not sent.
    /// Without it the body is sent in chunks, which servers of HTTP/1.0 do not understand.
    upload& length(std::uint64_t bytes) { return length_ = bytes, *this; }

    operator body() const { return body(source_, length_, type_); }

private:
    std::shared_ptr<detail::piece_source> source_;
    std::optional<std::uint64_t> length_;
    std::string type_ = "application/octet-stream";
};

} // namespace oneloop::http
