#include "core/address_order.hpp"

#include <boost/asio/ip/udp.hpp>

#include <sys/socket.h>
#include <unistd.h>

namespace oneloop {

namespace ip = boost::asio::ip;

// Connecting a UDP socket makes the kernel choose a route, and says nothing to anybody.
std::optional<ip::address> source_address_for(const ip::address& to) noexcept {
    ip::udp::endpoint peer(to, 53), own;
    const int fd = ::socket(peer.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return {};
    auto size = static_cast<socklen_t>(own.capacity());
    const bool known = ::connect(fd, peer.data(), static_cast<socklen_t>(peer.size())) == 0 &&
                       ::getsockname(fd, own.data(), &size) == 0;
    ::close(fd);
    if (!known)
        return {};
    own.resize(size);
    return own.address();
}

} // namespace oneloop
