#include "core/dial.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <fcntl.h>

#include <utility>

namespace oneloop {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string server_address::shown() const {
    if (!path.empty())
        return path;
    const bool ipv6 = host.find(':') != std::string::npos;
    return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

dial::dial(executor loop, std::shared_ptr<resolver> names, server_address where)
    : loop_(std::move(loop)),
      names_(std::move(names)),
      where_(std::move(where)),
      socket_(loop_),
      timer_(loop_) {}

void dial::start(deadline until, answer done) {
    until_ = until;
    done_ = std::move(done);
    if (where_.path.empty())
        return look_up();
    try {
        addresses_.emplace_back(asio::local::stream_protocol::endpoint(where_.path));
    } catch (const boost::system::system_error& too_long) {
        last_ = failure(errc::invalid_argument).because("the path of the socket is too long");
        return asio::post(loop_, [self = shared_from_this()] { self->finish(std::move(self->last_)); });
    }
    attempt();
}

void dial::look_up() {
    timer_.expires_at(until_);
    timer_.async_wait([weak = weak_from_this()](error_code stopped) {
        if (const auto self = weak.lock(); self && !stopped && self->addresses_.empty()) {
            self->overdue_ = true;
            self->look_up_.emit(asio::cancellation_type::all);
        }
    });
    auto looked_up = [self = shared_from_this()](error_code code, std::vector<asio::ip::address> list) {
        if (!self->done_)
            return;
        if (code) {
            if (self->overdue_)
                return self->finish(failure(errc::timed_out).in(phase::resolve));
            return self->finish(std::move(self->look_up_story_));
        }
        for (const auto& address : list)
            self->addresses_.emplace_back(tcp::endpoint(address, self->where_.port));
        self->attempt();
    };
    names_->resolve(
        where_.host,
        with_failure(look_up_story_, asio::bind_cancellation_slot(look_up_.slot(), std::move(looked_up)))
    );
}

void dial::attempt() {
    const endpoint& to = addresses_[next_++];
    overdue_ = false;
    error_code code;
    socket_.close(code);
    socket_.open(to.protocol(), code);
    if (code)
        return asio::post(loop_, [self = shared_from_this(), code] { self->attempted(code); });
    ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
    const auto now = deadline::clock::now();
    const auto left = until_.remaining(now);
    timer_.expires_at(deadline::after(now, left / static_cast<long>(addresses_.size() - next_ + 1)));
    timer_.async_wait([weak = weak_from_this(), which = next_](error_code stopped) {
        // It may have gone off, and wait for its turn, when the attempt that it was for had ended
        if (const auto self = weak.lock(); self && !stopped && self->next_ == which) {
            self->overdue_ = true;
            error_code ignored;
            self->socket_.cancel(ignored);
        }
    });
    socket_.async_connect(to, [self = shared_from_this()](error_code failed) { self->attempted(failed); });
}

void dial::attempted(error_code code) {
    if (!done_)
        return;
    timer_.cancel();
    if (!code)
        return finish({});
    last_ = overdue_ ? failure(errc::timed_out) : failure(code);
    if (code == boost::system::errc::no_such_file_or_directory) // of a Unix socket: nobody listens there
        last_ =
            failure(asio::error::make_error_code(asio::error::connection_refused)).because("no such socket");
    last_.in(phase::connect);
    if (next_ < addresses_.size() && !until_.passed(deadline::clock::now()))
        return attempt();
    finish(std::move(last_));
}

void dial::finish(failure why) {
    const auto done = std::exchange(done_, nullptr);
    if (!done)
        return;
    timer_.cancel();
    if (!why.code() && where_.path.empty()) {
        error_code ignored; // without them it works too
        socket_.set_option(tcp::no_delay(true), ignored);
        socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    }
    done(std::move(why), std::move(socket_));
}

void dial::hang_up() noexcept {
    done_ = nullptr;
    look_up_.emit(asio::cancellation_type::all);
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

} // namespace oneloop
