#pragma once

#include <oneloop/detail/completion.hpp>
#include <oneloop/http/response.hpp>
#include <oneloop/token.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace oneloop::http {

class body_pipe;

namespace detail {
using piece_handler = oneloop::detail::completion<std::optional<std::string>>;
void start_read(const std::shared_ptr<body_pipe>&, piece_handler);
} // namespace detail

/// An answer whose head is here and whose body is still to be read. Made by `client::stream`.
///
///     auto page = co_await http.stream(url);
///     if (page.head().ok())
///         while (auto piece = co_await page.read())
///             parser.feed(*piece);
///
/// What comes faster than it is read is kept up to `request_options::read_ahead` bytes (and what libcurl has
/// unpacked at a time: 8 KiB or so, and of a body that was compressed beyond reason up to 8 MiB); then the
/// server is made to wait, by TCP. `stall_timeout` does not run meanwhile, `total_timeout` does.
/// `request_options::compressed(false)` is faster for a large body, which is then read in larger pieces.
///
/// It may be read and destroyed on any loop, by one at a time; that of its client must not be gone before.
class body_reader {
public:
    body_reader() = default; ///< of nothing, and not to be read, as one that was moved from

    /// Ends the request if there is more to come. That costs its connection, and nothing if all had come.
    ~body_reader() { drop(); }
    body_reader(body_reader&&) noexcept = default;
    body_reader& operator=(body_reader&& other) noexcept {
        if (this != &other) {
            drop();
            loop_ = other.loop_;
            pipe_ = std::move(other.pipe_);
            head_ = std::move(other.head_);
        }
        return *this;
    }

    /// Status, headers and all else that is known when the body begins; without the body. `body_size`,
    /// `certainly_complete` and the times are as of then.
    const response& head() const noexcept { return head_; }

    /// The next piece of the body, as it came; nothing when it has ended, and for ever after.
    ///
    /// Completes with `void(error_code, std::optional<std::string>)`. What ends the body in any other way (a
    /// limit, the connection lost, the client destroyed) fails this after all that had come was given, and
    /// again if it is called again. Cancelling it, or `timeout(2s, page.read())`, loses nothing: the next
    /// call gives the piece. A second call while one waits is `condition::argument`.
    template <class Token = throwing_t>
    [[nodiscard]] auto read(Token&& token = {}) {
        using start = void (*)(const std::shared_ptr<body_pipe>&, detail::piece_handler);
        return boost::asio::async_initiate<Token, void(error_code, std::optional<std::string>)>(
            oneloop::detail::initiation<body_pipe, start, std::optional<std::string>>(
                loop_, pipe_, &detail::start_read
            ),
            token
        );
    }

    /// Whether the body ended where the server had said that it would: see `response::certainly_complete`.
    /// To be asked after the end, on the client's loop.
    bool certainly_complete() const noexcept;

private:
    friend class body_pipe;
    body_reader(executor loop, std::shared_ptr<body_pipe> pipe, response head)
        : loop_(std::move(loop)), pipe_(std::move(pipe)), head_(std::move(head)) {}

    void drop() noexcept;

    executor loop_;
    std::shared_ptr<body_pipe> pipe_;
    response head_;
};

} // namespace oneloop::http
