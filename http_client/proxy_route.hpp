#pragma once

#include "http_client/credentials.hpp"
#include "http_client/easy.hpp"
#include "http_client/target.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <optional>
#include <string>
#include <vector>

namespace oneloop::http {

/// Which requests go through the client's proxy, and which proxy that is.
class proxy_route {
public:
    /// `url` may be empty: no proxy. Throws `error` with `condition::argument`, which does not show the URL.
    proxy_route(const std::string& url, const std::string& direct_hosts);

    bool leads_to(const target&) const;

    /// Told to each handle once: who we are to the proxy.
    void apply(easy&) const;
    /// Told for each request: whether it goes there.
    void choose(easy&, bool through_proxy) const;

    explicit operator bool() const noexcept { return !url_.empty(); }
    const std::string& host() const noexcept { return host_; } // without the brackets of an IPv6 address
    const std::string& port() const noexcept { return port_; }
    const std::optional<boost::asio::ip::address>& literal() const noexcept { return literal_; }
    bool secure() const noexcept { return scheme_ == "https"; }
    bool is_socks() const noexcept { return scheme_ == "socks5h"; }

    /// Without user name and password.
    const std::string& shown() const noexcept { return url_; }

private:
    void read_url(const std::string& url);
    void read_direct(std::string_view hosts);
    bool is_direct(const boost::asio::ip::address&) const;
    bool is_direct(std::string_view name) const;

    std::string url_, scheme_, host_, port_;
    credentials own_;
    std::optional<boost::asio::ip::address> literal_;
    bool all_direct_ = false;
    std::vector<std::string> names_; // without a dot in front or at the end
    std::vector<boost::asio::ip::network_v4> networks_v4_;
    std::vector<boost::asio::ip::network_v6> networks_v6_;
};

} // namespace oneloop::http
