#pragma once

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/error.hpp>
#include <oneloop/http/upload.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace oneloop::http {

/// Between a program that makes a body and the transfer that sends it: one piece that is being sent and one
/// that waits. Lives on the client's loop; a coroutine of its own asks the source.
class body_feed : public std::enable_shared_from_this<body_feed> {
public:
    body_feed(executor loop, std::shared_ptr<detail::piece_source>, std::optional<std::uint64_t> length);

    enum class state { some, wait, end, failed };

    /// Copies up to `room` bytes. `wait`: there will be more, and `more` is called then. `failed`: why().
    state read(char* to, std::size_t room, std::size_t& size);
    void when_more(std::function<void()> more) { more_ = std::move(more); }
    /// Lets who waits for more look again, whether there is or not.
    void wake();
    /// A piece was asked for that is not here yet.
    bool waits() const noexcept { return waits_; }
    const failure& why() const noexcept { return why_; }

    /// Whether the source was asked for anything: what it gave cannot be had again.
    bool untouched() const noexcept { return !source_->asked; }

    /// For somebody who asks it himself. Throws if another has asked it.
    std::shared_ptr<detail::piece_source> take_source();

    /// All was given that was announced: nothing will be asked for any more.
    bool at_end() const noexcept { return length_ && given_ == *length_; }

    /// The request is over: the source is cancelled, and nothing is called any more.
    void stop();

private:
    static awaitable<void> ask(std::shared_ptr<body_feed> self);
    void begin();
    void ended(const std::exception_ptr& why);
    bool advance();

    std::shared_ptr<oneloop::detail::nursery> asker_; // one coroutine
    std::shared_ptr<detail::piece_source> source_;
    std::optional<std::uint64_t> length_;
    std::uint64_t given_ = 0;
    std::string sending_;
    std::size_t sent_ = 0; // of that piece
    std::optional<std::string> next_;
    std::shared_ptr<oneloop::detail::wait_list> taken_;
    std::function<void()> more_;
    failure why_;
    bool asked_ = false, ended_ = false, waits_ = false;
};

} // namespace oneloop::http
