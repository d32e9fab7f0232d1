#pragma once

#include "tests/support/dns_reply.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>

#include <functional>
#include <memory>
#include <string>

namespace oneloop::testing {

/// A DNS server on a port of 127.0.0.1, UDP and TCP, that does as it is told; other names do not exist. It
/// runs on the loop of the test, in between of what it is asked by, and counts.
class dns_server {
public:
    explicit dns_server(const executor& loop);
    ~dns_server();
    dns_server(const dns_server&) = delete;
    dns_server& operator=(const dns_server&) = delete;

    /// "127.0.0.1:port"
    std::string address() const;
    void set(std::string name, dns_reply reply);
    /// For all names that were not set.
    void otherwise(std::function<dns_reply(const std::string& name)>);

    /// Questions for the IPv4 (or IPv6) address of the name.
    int asked(const std::string& name) const;
    int asked_for_ipv6(const std::string& name) const;
    /// All, for whatever, over UDP; over TCP.
    int datagrams() const;
    int asked_over_tcp() const;

private:
    class inside;
    std::shared_ptr<inside> inside_;
};

} // namespace oneloop::testing
