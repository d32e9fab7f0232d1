#pragma once

#include "core/interest.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace oneloop {

/// Watches descriptors that a C library owns: an epoll of our own inside one Asio descriptor. It never closes
/// them.
///
/// Why not one Asio descriptor each: libcurl closes sockets behind our back, the kernel gives the number out
/// again, and Asio ignores what epoll_ctl says about it, so a wait would never end. Here the errors are seen
/// and put right.
class poll_set : public std::enable_shared_from_this<poll_set> {
public:
    using ready_function = std::function<void(int fd, unsigned what)>;

    /// Throws system_error where the process has no descriptor left.
    explicit poll_set(const executor& loop);

    /// Calls `ready` from the loop until rest(), and `turn_over` when all that were found ready at once have
    /// had their turn. Only meanwhile does the loop have work because of this object.
    void run(
        ready_function ready, std::function<void()> turn_over = [] {}
    );
    /// Calls `told` when something happens on a descriptor that nobody waits for.
    void when_unwanted(std::function<void(int fd)> told) { unwanted_ = std::move(told); }
    void rest();

    void want(int fd, unsigned what);

    /// The library is about to close it, and tells us.
    void closing(int fd) { tell_epoll(table_.closing(fd), fd, not_ready); }

    /// The number has become another socket, whatever was known of it.
    void forget(int fd) noexcept { table_.forget(fd); }

    /// From the end of this turn on nobody looks what is ready for so long, or until this is called with
    /// zero: for what comes in such amounts that it is better taken together. Being woken costs more than a
    /// look.
    void look_again_after(std::chrono::steady_clock::duration d);

    /// What is ready has its turn now.
    void deliver();

private:
    struct callbacks {
        ready_function ready;
        std::function<void()> turn_over;
    };

    void arm();
    void turn(error_code stopped);
    int deliver_some(const callbacks&);
    void tell_epoll(interest_table::step, int fd, unsigned what);

    boost::asio::posix::stream_descriptor epoll_;
    boost::asio::steady_timer pause_;
    std::chrono::steady_clock::duration next_pause_{};
    interest_table table_;
    std::shared_ptr<const callbacks> told_; // from run() to rest(), which may come from inside of a call
    std::function<void(int)> unwanted_;
    bool armed_ = false, pauses_ = false;
};

} // namespace oneloop
