#pragma once

#include "core/dns_answer.hpp"
#include "core/hosts_file.hpp"
#include <oneloop/resolver_options.hpp>

#include <optional>
#include <string>

namespace oneloop {

/// What is known of a name without asking anybody; nothing if it has to be asked for. Names as
/// normal_host_name() gives them.
///
/// Overrides count whatever the hosts file says. "localhost" is known to everybody, and what ends in
/// ".localhost" too (RFC 6761); names in ".onion" must not be asked for (RFC 7686).
std::optional<dns_answer> overridden(const std::string& name, const resolver_options&);
std::optional<dns_answer> known_locally(const std::string& name, const hosts_file&, address_order);

/// True if the order leaves something of the list.
bool has_wanted(const std::vector<boost::asio::ip::address>& list, address_order);

} // namespace oneloop
