#pragma once

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace oneloop {

/// The kinds of question that a resolver asks, with their numbers in the DNS.
enum class dns_type : unsigned { ipv4 = 1, ipv6 = 28 };

/// What a server's message says about one name.
struct dns_records {
    std::vector<boost::asio::ip::address> addresses;
    /// For how long the addresses are good: the shortest of theirs and of every alias on the way to them.
    std::optional<std::chrono::seconds> ttl;
    /// For how long "no such name" or "no address" is good, by the zone's SOA record (RFC 2308).
    std::optional<std::chrono::seconds> negative_ttl;
};

/// Reads an answer to "which addresses of this type has this name?". Only addresses that belong to the name,
/// by way of the aliases in the same message, are taken. Nothing if it is no whole DNS message.
///
/// `name` in small letters and without a dot at the end. Whether the message belongs to the question at all
/// (id, sender) was checked by who received it.
std::optional<dns_records> read_dns_answer(
    std::span<const unsigned char> message, std::string_view name, dns_type
);

} // namespace oneloop
