#pragma once

#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace oneloop::testing {

/// What a DNS server says to a question before, or instead of, the truth.
enum class dns_lie { none, wrong_id, wrong_question, garbage, cut_short };

/// What the server does when it is asked for one name, told in one expression like the options of the
/// library.
class dns_reply {
public:
    dns_reply() = default;
    dns_reply& address(const std::string& text, std::uint32_t ttl) {
        return addresses_.push_back({text, ttl}), *this;
    }
    /// The name is an alias; the addresses are the target's. Several make a chain.
    dns_reply& alias(const std::string& target, std::uint32_t ttl) {
        return aliases_.push_back({target, ttl}), *this;
    }
    dns_reply& no_such_name() { return code_ = 3, *this; }
    dns_reply& server_failure() { return code_ = 2, *this; }
    /// Does not answer the first `questions` questions of each kind (A, AAAA).
    dns_reply& ignore(int questions) { return ignore_ = questions, *this; }
    dns_reply& silent() { return ignore(1'000'000); }
    dns_reply& silent_for_ipv6() { return mute_ipv6_ = true, *this; }
    dns_reply& after(std::chrono::milliseconds delay) { return delay_ = delay, *this; }
    /// Lies first, with the address 192.0.2.66, and then tells the truth.
    dns_reply& lie(dns_lie how) { return lie_ = how, *this; }

    struct record {
        std::string value;
        std::uint32_t ttl;
    };
    std::vector<record> addresses_, aliases_;
    int code_ = 0, ignore_ = 0;
    bool mute_ipv6_ = false;
    std::chrono::milliseconds delay_{};
    dns_lie lie_ = dns_lie::none;
};

/// A DNS server on a UDP port of 127.0.0.1 that does as it is told; other names do not exist. It runs on the
/// loop of the test, in between of what it is asked by, and counts.
class dns_server {
public:
    explicit dns_server(const executor& loop);
    ~dns_server();
    dns_server(const dns_server&) = delete;
    dns_server& operator=(const dns_server&) = delete;

    /// "127.0.0.1:port"
    std::string address() const;
    void set(std::string name, dns_reply reply);

    /// Datagrams that asked for the IPv4 (or IPv6) address of the name.
    int asked(const std::string& name) const;
    int asked_for_ipv6(const std::string& name) const;

private:
    class inside;
    std::shared_ptr<inside> inside_;
};

} // namespace oneloop::testing
