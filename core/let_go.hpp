#pragma once

#include <oneloop/error.hpp>

#include <boost/asio/detail/config.hpp>

#include <sys/socket.h>

#include <memory>
#include <utility>

namespace oneloop {

/// Closes a socket, or a descriptor of one, on which operations may be under way; they are cancelled.
///
/// On io_uring, Asio 1.81 hands what it knows of a closed socket to the next one that is made, an operation
/// that the kernel has not given back yet included: that one then takes what belongs to the new socket. So
/// there the socket is kept until nothing is under way. It has been shut down, which ends a wait at once, and
/// a wait in each direction comes after all that was started before.
template <class Socket>
void let_go(Socket& socket) noexcept {
    error_code ignored;
#ifdef BOOST_ASIO_HAS_IO_URING_AS_DEFAULT
    if (!socket.is_open())
        return;
    try {
        const auto kept = std::make_shared<Socket>(std::move(socket));
        kept->cancel(ignored);
        ::shutdown(kept->native_handle(), SHUT_RDWR);
        for (const auto direction : {Socket::wait_read, Socket::wait_write})
            kept->async_wait(direction, [kept](error_code) {});
    } catch (...) { // no memory
        socket.close(ignored);
    }
#else
    socket.close(ignored);
#endif
}

} // namespace oneloop
