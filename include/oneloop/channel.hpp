#pragma once

/// Messages from coroutines to coroutines, in order, with room for so many and no more.
///
///     channel<std::string> urls(loop, 100);
///     co_await urls.send(url);                       // waits while 100 are in it
///     while (auto url = co_await urls.receive())     // in another task: until it is closed and empty
///         co_await fetch(std::move(*url));

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/channel_engine.hpp>
#include <oneloop/token.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>

namespace oneloop {

/// Any number may send and receive; messages are received in the order in which they were sent, and those who
/// wait are served in the order in which they came. `T` has to be movable without an exception, no more. A
/// capacity of 0 makes each sender wait for its receiver.
///
/// It belongs to the loop it was made for and must not outlive it. `send` and `receive` may be started,
/// awaited and cancelled from any thread and any loop; everything else, the destructor included, belongs to
/// the channel's own loop.
///
/// **Cancellation** (every type) completes an operation that waits at once with `condition::cancelled`: what
/// a cancelled `send` was to send was not sent and is destroyed, a cancelled `receive` took nothing. A cancel
/// in the moment in which the message changed hands comes too late, and both sides succeed. Only the end of a
/// loop destroys a message on its way to a receiver, and a `gather` that fails drops what its `receive` took.
/// No operation has a time limit of its own: `timeout(2s, c.receive())` gives it one.
template <class T>
class channel {
public:
    static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>);
    using value_type = T;
    using executor_type = executor;

    /// At most `max_queued` operations wait at each side.
    explicit channel(executor loop, std::size_t capacity, std::size_t max_queued = 10'000)
        : loop_(loop),
          engine_(std::make_shared<detail::channel_engine<T>>(std::move(loop), capacity, max_queued)) {}

    /// `close()`, and what nobody has received is destroyed.
    ~channel() {
        engine_->close();
        engine_->drop_messages();
    }
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    executor_type get_executor() const noexcept { return loop_; }

    /// Hands `message` to the receiver that waits longest or puts it into the channel; waits while that is
    /// full.
    ///
    /// Completes with `void(error_code)`: `errc::closed` if the channel is closed, before or meanwhile,
    /// `errc::queue_full` if `max_queued` senders wait already. A message whose `send` failed was not sent
    /// and is destroyed.
    template <class Token = throwing_t>
    [[nodiscard]] auto send(T message, Token&& token = {}) {
        return initiate<&detail::start_send<T>>(token, std::move(message));
    }

    /// Takes the oldest message; waits while there is none. Empty means that the channel is closed and has
    /// none left.
    ///
    /// Completes with `void(error_code, std::optional<T>)`: `errc::queue_full` if `max_queued` receivers wait
    /// already.
    template <class Token = throwing_t>
    [[nodiscard]] auto receive(Token&& token = {}) {
        return initiate<&detail::start_receive<T>, std::optional<T>>(token);
    }

    /// False if it would have to wait, or the channel is closed; `message` is then as it was.
    [[nodiscard]] bool try_send(T&& message) { return engine_->offer(message); }
    [[nodiscard]] bool try_send(const T& message) requires std::copy_constructible<T> {
        T copy(message);
        return engine_->offer(copy);
    }

    /// The oldest message, also one whose sender waits; empty if there is none this moment.
    [[nodiscard]] std::optional<T> try_receive() { return engine_->take(); }

    /// Takes no more messages: senders that wait fail with `errc::closed`. What is in the channel can still
    /// be received. A second call does nothing.
    void close() { engine_->close(); }
    bool closed() const noexcept { return engine_->closed(); }

    /// The messages in the channel, and how many operations wait at either side.
    struct statistics {
        std::size_t buffered = 0, senders = 0, receivers = 0;
    };
    statistics stats() const { return {engine_->buffered(), engine_->senders(), engine_->receivers()}; }

private:
    template <auto Start, class... Results, class Token, class... Args>
    auto initiate(Token& token, Args... args) {
        using start_type = decltype(Start);
        return boost::asio::async_initiate<Token, void(error_code, Results...)>(
            detail::initiation<detail::channel_engine<T>, start_type, Results...>(loop_, engine_, Start),
            token, std::move(args)...
        );
    }

    executor loop_;
    std::shared_ptr<detail::channel_engine<T>> engine_;
};

} // namespace oneloop
