#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
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
    dns_reply& refused() { return code_ = 5, *this; }
    dns_reply& server_failure_for_ipv6() { return ipv6_code_ = 2, *this; }
    dns_reply& no_such_name_for_ipv6() { return ipv6_code_ = 3, *this; }
    /// A "no" comes with a SOA record of this TTL and minimum.
    dns_reply& soa(std::uint32_t ttl, std::uint32_t minimum) { return soa_ = std::pair(ttl, minimum), *this; }
    /// An address of another name in the same message, which nobody has asked for.
    dns_reply& stray(const std::string& owner, const std::string& text, std::uint32_t ttl) {
        return strays_.push_back({owner, {text, ttl}}), *this;
    }
    /// Over UDP: "it is too long, ask over TCP".
    dns_reply& truncated() { return truncated_ = true, *this; }
    /// ... where nothing is ever answered.
    dns_reply& silent_over_tcp() { return mute_tcp_ = true, *this; }
    /// Does not answer the first `questions` questions of each kind (A, AAAA).
    dns_reply& ignore(int questions) { return ignore_ = questions, *this; }
    dns_reply& silent() { return ignore(1'000'000); }
    dns_reply& silent_for_ipv6() { return mute_ipv6_ = true, *this; }
    dns_reply& after(std::chrono::milliseconds delay) { return delay_ = delay, *this; }
    /// Lies first, with the address 192.0.2.66, and then tells the truth.
    dns_reply& lie(dns_lie how) { return lie_ = how, *this; }

    /// Without the truth after the lie.
    dns_reply& only_lies() { return only_lies_ = true, *this; }

    struct record {
        std::string value;
        std::uint32_t ttl;
    };
    std::vector<record> addresses_, aliases_;
    std::vector<std::pair<std::string, record>> strays_;
    int code_ = 0, ignore_ = 0;
    std::optional<int> ipv6_code_;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> soa_;
    bool mute_ipv6_ = false, truncated_ = false, mute_tcp_ = false, only_lies_ = false;
    std::chrono::milliseconds delay_{};
    dns_lie lie_ = dns_lie::none;
};

} // namespace oneloop::testing
