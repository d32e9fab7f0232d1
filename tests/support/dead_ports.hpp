#pragma once

#include <cstdint>
#include <vector>

namespace oneloop::testing {

/// A port of 127.0.0.1 at which connections are refused. It is held, so nobody else gets it; but a server
/// that is told this number and sets SO_REUSEADDR, as most do, can have it, and give it back by dying.
class refused_port {
public:
    refused_port();
    ~refused_port();
    refused_port(const refused_port&) = delete;
    refused_port& operator=(const refused_port&) = delete;
    std::uint16_t port() const noexcept { return port_; }

private:
    int socket_;
    std::uint16_t port_;
};

/// A port that answers nothing at all to who wants to connect, as a firewall does that drops packets: its
/// queue of connections is full.
class black_hole {
public:
    black_hole() : black_hole("127.0.0.1", 0) {}
    /// At another address of the loopback, and at the port of a server that listens at 127.0.0.1 only.
    black_hole(const char* address, std::uint16_t port);
    ~black_hole();
    black_hole(const black_hole&) = delete;
    black_hole& operator=(const black_hole&) = delete;
    std::uint16_t port() const noexcept { return port_; }

private:
    int listener_;
    std::vector<int> fillers_;
    std::uint16_t port_;
};

} // namespace oneloop::testing
