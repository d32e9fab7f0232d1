#pragma once

#include "core/virtual_time.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/deadline.hpp>
#include <oneloop/detail/completion.hpp>

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace oneloop {

/// Asio's timer by the library's clock: in virtual time it waits for that. What waits for a C library which
/// reads the real clock itself has to use Asio's own.
class loop_timer {
public:
    explicit loop_timer(const executor& loop) : real_(loop) {}

    /// Cancels those that wait, as in Asio.
    void expires_at(deadline at) {
        virtual_.cancel();
        real_.expires_at(at.at());
    }
    deadline expiry() const { return deadline(real_.expiry()); }

    void cancel() {
        virtual_.cancel();
        real_.cancel();
    }

    /// Completes with `void(error_code)`: none when the time has come, operation_aborted when cancelled. The
    /// timer must stay where it is until then or be destroyed, which cancels.
    template <class Token>
    auto async_wait(Token&& token) {
        return boost::asio::async_initiate<Token, void(error_code)>(initiation{this}, token);
    }

private:
    struct initiation {
        using executor_type = executor;
        executor_type get_executor() const { return timer->real_.get_executor(); }

        template <class Handler>
        void operator()(Handler&& handler) const {
            timer->start(std::forward<Handler>(handler));
        }
        loop_timer* timer;
    };

    template <class Handler>
    void start(Handler&& handler) {
        if (auto* time = virtual_time::here()) {
            const executor loop = real_.get_executor();
            virtual_.wait(*time, real_.expiry(), loop, {std::forward<Handler>(handler), loop});
        } else {
            real_.async_wait(std::forward<Handler>(handler));
        }
    }

    boost::asio::steady_timer real_;
    virtual_wait virtual_;
};

} // namespace oneloop
