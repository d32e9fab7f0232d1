#pragma once

#include <oneloop/resolver.hpp>

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <vector>

namespace oneloop {

/// An address, and the one that this machine would talk to it from; none if it has no way to it.
struct destination {
    boost::asio::ip::address address;
    std::optional<boost::asio::ip::address> source;
};

/// Sorts as RFC 6724 says, with its own table of policies (not the system's gai.conf): what cannot be reached
/// comes last, equals keep their order.
void sort_destinations(std::vector<destination>&);

/// Brings the addresses into the order to try them and drops those that are not wanted. `source_of` is asked
/// only where it matters: for address_order::system and more than one address.
std::vector<boost::asio::ip::address> in_order(
    std::vector<boost::asio::ip::address>, address_order,
    std::optional<boost::asio::ip::address> (*source_of)(const boost::asio::ip::address&)
);

/// The address that the kernel would take to talk to another: its routes are asked, no packet is sent.
std::optional<boost::asio::ip::address> source_address_for(const boost::asio::ip::address&) noexcept;

} // namespace oneloop
