#include "tests/support/dead_ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace oneloop::testing {
namespace {

void must(bool done, const char* what) {
    if (!done)
        throw std::system_error(errno, std::generic_category(), what);
}

int bound_socket(
    sockaddr_in& address, int shared = 0, const char* host = "127.0.0.1", std::uint16_t port = 0
) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    must(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &shared, sizeof shared) == 0, "setsockopt");
    address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::inet_addr(host);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    must(::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0, "bind");
    return fd;
}

} // namespace

refused_port::refused_port() {
    sockaddr_in address;
    // Whoever asks for any free port does not get this one, for it is bound; whoever names it does, for
    // nobody listens.
    socket_ = bound_socket(address, 1);
    port_ = ntohs(address.sin_port);
}

refused_port::~refused_port() {
    ::close(socket_);
}

black_hole::black_hole(const char* host, std::uint16_t port) {
    sockaddr_in address;
    listener_ = bound_socket(address, 0, host, port);
    port_ = ntohs(address.sin_port);
    must(::listen(listener_, 0) == 0, "listen");
    // The first is accepted by the kernel and fills the queue of length 0 (+ 1); from then on it drops what
    // comes.
    for (int flags : {0, int(SOCK_NONBLOCK), int(SOCK_NONBLOCK)}) {
        fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
        const int done =
            ::connect(fillers_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        must(done == 0 || errno == EINPROGRESS, "connect");
    }
}

black_hole::~black_hole() {
    for (int fd : fillers_)
        ::close(fd);
    ::close(listener_);
}

} // namespace oneloop::testing
