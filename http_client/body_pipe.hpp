#pragma once

#include <oneloop/detail/completion.hpp>
#include <oneloop/http/body_reader.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop::http {

/// Between the transfer that brings a body and the program that reads it: a buffer with a bound. Lives on the
/// client's loop; the program's reader shares it.
class body_pipe : public std::enable_shared_from_this<body_pipe> {
public:
    using head_handler = oneloop::detail::completion<body_reader>;
    using piece_handler = detail::piece_handler;

    body_pipe(executor loop, std::size_t most, head_handler);

    // The sender's side

    /// The head is given to the program, once: from then on the request is not made again.
    void begin(response head);
    bool begun() const noexcept { return begun_; }

    /// False when there is no room: the sender has to stop until `room` is called.
    bool write(std::string_view piece);
    void when_room(std::function<void()> room) { room_ = std::move(room); }

    /// What was written belonged to an answer that is not wanted.
    void clear() { kept_.clear(); }

    /// The body has ended, as it should if `why` has no code. Calls nothing of the sender's any more.
    void end(failure why, response answer);

    /// Called when the program does not want the rest.
    void when_dropped(std::function<void()> dropped) { dropped_ = std::move(dropped); }

    /// The loop dies.
    void abandon() noexcept;

    // The program's side

    void read(piece_handler, std::shared_ptr<oneloop::detail::cancel_link>);
    bool certainly_complete() const noexcept { return certainly_complete_; }

    /// From any thread: it is carried out on the loop, unless that is gone.
    void drop() noexcept;

    const executor& loop() const noexcept { return loop_; }

private:
    struct reader;

    executor loop_;
    std::shared_ptr<oneloop::detail::pending_registry> registry_;
    std::size_t most_;
    std::optional<head_handler> head_;
    std::shared_ptr<reader> reader_; // that waits for a piece
    std::string kept_;
    failure why_;
    std::function<void()> room_, dropped_;
    bool begun_ = false, ended_ = false, certainly_complete_ = false, sender_waits_ = false;
};

} // namespace oneloop::http
