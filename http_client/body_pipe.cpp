#include "http_client/body_pipe.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <mutex>
#include <utility>

namespace oneloop::http {

// A read in waiting. The request to cancel may come when another one waits.
struct body_pipe::reader {
    reader(piece_handler h, std::shared_ptr<oneloop::detail::cancel_link> l)
        : handler(std::move(h)), link(std::move(l)) {}
    piece_handler handler;
    std::shared_ptr<oneloop::detail::cancel_link> link;
};

body_pipe::body_pipe(executor loop, std::size_t most, head_handler handler)
    : loop_(std::move(loop)),
      registry_(oneloop::detail::pending_registry::of(loop_)),
      most_(most),
      head_(std::in_place, std::move(handler)) {}

void body_pipe::begin(response head) {
    if (std::exchange(begun_, true))
        return;
    auto handler = std::move(*head_);
    head_.reset();
    handler.succeed(body_reader(loop_, shared_from_this(), std::move(head)));
}

bool body_pipe::write(std::string_view piece) {
    if (reader_) {
        const auto waiting = std::move(reader_);
        waiting->handler.succeed(std::string(piece));
        return true;
    }
    // One piece fits whatever its size, so that a small bound does not end in waiting for each other
    sender_waits_ = !kept_.empty() && kept_.size() + piece.size() > most_;
    if (!sender_waits_)
        kept_.append(piece);
    return !sender_waits_;
}

void body_pipe::end(failure why, response answer) {
    ended_ = true;
    room_ = nullptr;
    dropped_ = nullptr;
    if (!begun_ && why.code()) {
        begun_ = true;
        auto handler = std::move(*head_);
        head_.reset();
        return handler.fail(std::move(why));
    }
    certainly_complete_ = !why.code() && answer.certainly_complete();
    why_ = std::move(why);
    begin(std::move(answer));
    if (const auto waiting = std::move(reader_)) {
        if (why_.code())
            waiting->handler.fail(why_);
        else
            waiting->handler.succeed(std::nullopt);
    }
}

void body_pipe::abandon() noexcept {
    const auto head_dies_here = std::move(head_);
    const auto reader_dies_here = std::move(reader_);
    head_.reset();
}

void body_pipe::read(piece_handler handler, std::shared_ptr<oneloop::detail::cancel_link> link) {
    if (reader_)
        return handler.fail(failure(errc::invalid_argument)
                                .doing("body_reader::read")
                                .because("another read of this body is waiting"));
    if (!kept_.empty()) {
        handler.succeed(std::exchange(kept_, {}));
        if (std::exchange(sender_waits_, false) && room_)
            room_();
        return;
    }
    if (ended_)
        return why_.code() ? handler.fail(why_) : handler.succeed(std::nullopt);
    reader_ = std::make_shared<reader>(std::move(handler), link);
    if (!link)
        return;
    link->when_requested([weak = weak_from_this(), which = std::weak_ptr(reader_)] {
        const auto self = weak.lock();
        const auto waiting = which.lock();
        if (!self || !waiting || self->reader_ != waiting)
            return;
        self->reader_.reset();
        waiting->handler.fail(cancelled().doing("body_reader::read"));
    });
}

void body_pipe::drop() noexcept {
    std::lock_guard lock(registry_->mutex);
    if (registry_->dead)
        return;
    boost::asio::post(loop_, [self = shared_from_this()] {
        if (const auto dropped = std::exchange(self->dropped_, nullptr))
            dropped();
    });
}

namespace detail {

void start_read(const std::shared_ptr<body_pipe>& pipe, piece_handler handler) {
    if (!pipe)
        return handler.succeed(std::nullopt);
    auto link = oneloop::detail::cancel_link::connect(handler.slot(), pipe->loop());
    auto read = [pipe, link = std::move(link), handler = std::move(handler)]() mutable {
        pipe->read(std::move(handler), std::move(link));
    };
    boost::asio::dispatch(pipe->loop(), std::move(read));
}

} // namespace detail

bool body_reader::certainly_complete() const noexcept {
    return !pipe_ || pipe_->certainly_complete();
}

void body_reader::drop() noexcept {
    if (const auto pipe = std::move(pipe_))
        pipe->drop();
}

} // namespace oneloop::http
