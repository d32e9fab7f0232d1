#pragma once

/// Which message goes to whom. Used on the channel's loop only.

#include <oneloop/detail/channel_line.hpp>
#include <oneloop/detail/completion.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace oneloop::detail {

template <class T>
class channel_engine {
public:
    using sent = completion<>;
    using received = completion<std::optional<T>>;

    channel_engine(executor loop, std::size_t capacity, std::size_t max_queued)
        : loop_(std::move(loop)), capacity_(capacity), max_queued_(max_queued) {}

    const executor& loop() const noexcept { return loop_; }
    bool closed() const noexcept { return closed_; }
    std::size_t buffered() const noexcept { return buffer_.size(); }
    std::size_t senders() const noexcept { return senders_.size(); }
    std::size_t receivers() const noexcept { return receivers_.size(); }

    void send(sent done, const std::shared_ptr<cancel_link>& link, T message) {
        if (closed_)
            return done.fail(channel_closed().doing("channel::send"));
        if (offer(message))
            return done.succeed();
        if (senders_.size() >= max_queued_)
            return done.fail(channel_line_full(max_queued_).doing("channel::send"));
        senders_.enter(std::make_shared<sender>(loop_, std::move(done), std::move(message)), link);
    }

    void receive(received done, const std::shared_ptr<cancel_link>& link) {
        if (auto message = take(); message || closed_)
            return done.succeed(std::move(message));
        if (receivers_.size() >= max_queued_)
            return done.fail(channel_line_full(max_queued_).doing("channel::receive"));
        receivers_.enter(std::make_shared<receiver>(loop_, std::move(done)), link);
    }

    /// Moves the message only if it finds a receiver or room.
    bool offer(T& message) {
        if (closed_)
            return false;
        if (auto waits = first<receiver>(receivers_)) {
            auto handler = std::move(waits->done);
            handler.succeed(std::optional<T>(std::move(message)));
            return true;
        }
        if (buffer_.size() >= capacity_)
            return false;
        buffer_.push_back(std::move(message));
        return true;
    }

    std::optional<T> take() {
        auto next = first<sender>(senders_); // those wait only while the buffer is full
        if (next)
            buffer_.push_back(std::move(next->message));
        if (buffer_.empty())
            return std::nullopt;
        std::optional<T> message(std::move(buffer_.front()));
        buffer_.pop_front();
        if (next) {
            auto handler = std::move(next->done);
            handler.succeed();
        }
        return message;
    }

    void close() {
        closed_ = true;
        while (auto waits = first<sender>(senders_)) {
            auto handler = std::move(waits->done);
            handler.fail(channel_closed().doing("channel::send"));
        }
        while (auto waits = first<receiver>(receivers_)) {
            auto handler = std::move(waits->done);
            handler.succeed(std::nullopt);
        }
    }

    /// The messages die with the channel, also when an operation keeps this alive.
    void drop_messages() { std::deque<T>().swap(buffer_); }

private:
    struct sender final : channel_waiter {
        sender(const executor& loop, sent d, T m)
            : channel_waiter(loop), done(std::move(d)), message(std::move(m)) {}

        void cancelled_in_line() override {
            auto handler = std::move(done);
            handler.fail(cancelled().in(phase::queue).doing("channel::send"));
        }
        void let_go() noexcept override { auto dies_here = std::move(done); }

        sent done;
        T message;
    };

    struct receiver final : channel_waiter {
        receiver(const executor& loop, received d) : channel_waiter(loop), done(std::move(d)) {}

        void cancelled_in_line() override {
            auto handler = std::move(done);
            handler.fail(cancelled().in(phase::queue).doing("channel::receive"));
        }
        void let_go() noexcept override { auto dies_here = std::move(done); }

        received done;
    };

    template <class Waiter>
    static std::shared_ptr<Waiter> first(channel_line& line) {
        return std::static_pointer_cast<Waiter>(line.take_first());
    }

    const executor loop_;
    const std::size_t capacity_, max_queued_;
    std::deque<T> buffer_;
    channel_line senders_, receivers_;
    bool closed_ = false;
};

template <class T>
void start_send(const std::shared_ptr<channel_engine<T>>& engine, completion<> done, T message) {
    auto link = cancel_link::connect(done.slot(), engine->loop());
    auto arrive = [engine, link = std::move(link), done = std::move(done), message = std::move(message)](
                  ) mutable { engine->send(std::move(done), link, std::move(message)); };
    boost::asio::dispatch(engine->loop(), std::move(arrive));
}

template <class T>
void start_receive(const std::shared_ptr<channel_engine<T>>& engine, completion<std::optional<T>> done) {
    auto link = cancel_link::connect(done.slot(), engine->loop());
    auto arrive = [engine, link = std::move(link), done = std::move(done)]() mutable {
        engine->receive(std::move(done), link);
    };
    boost::asio::dispatch(engine->loop(), std::move(arrive));
}

} // namespace oneloop::detail
