#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <string>
#include <vector>

namespace oneloop::http {

/// Which addresses a client may connect to. For whoever fetches URLs that strangers give: without it they can
/// have your own machine ask your own network (server-side request forgery).
///
///     http::client http(loop, http::client_options().guard(http::address_guard::public_only()));
///
/// It looks at the address that is about to be dialled, after every spelling of it was understood, every name
/// looked up and every redirect followed, for each attempt anew: so neither "0x7f.1" nor a DNS server that
/// changes its mind gets past it.
class address_guard {
public:
    /// Lets everything pass.
    address_guard() = default;

    /// Lets pass what is reachable by everybody on the internet. Refused are this host and its networks,
    /// private, shared, loopback, link-local, multicast, reserved and documentation addresses (the
    /// special-purpose registries of RFC 6890), and IPv6 addresses that stand for such an IPv4 address:
    /// mapped, compatible, 6to4, Teredo, NAT64.
    static address_guard public_only();

    /// Lets a network pass all the same: "10.1.0.0/16", "fd00::/8" or a single address. Throws `error` with
    /// `condition::argument` for what is neither.
    address_guard& allow(const std::string& network);

    /// Why not, in words that can be shown; null if it may pass.
    const char* refuse(const boost::asio::ip::address&) const;

private:
    bool is_allowed(const boost::asio::ip::address&) const;

    bool only_public_ = false;
    std::vector<boost::asio::ip::network_v4> allowed_v4_;
    std::vector<boost::asio::ip::network_v6> allowed_v6_;
};

} // namespace oneloop::http
