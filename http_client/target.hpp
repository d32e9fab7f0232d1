#pragma once

#include <oneloop/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <memory>
#include <optional>
#include <string>

struct Curl_URL;

namespace oneloop::http {

struct url_closer {
    void operator()(Curl_URL*) const noexcept;
};
using url_handle = std::unique_ptr<Curl_URL, url_closer>;

/// A URL taken apart once, by libcurl's own parser: what we decide on and what libcurl dials cannot differ.
class target {
public:
    /// http and https only. Refused besides what libcurl refuses: spaces, control characters and backslashes,
    /// which other parsers read differently.
    static result<target> parse(const std::string& url);

    Curl_URL* handle() const noexcept { return handle_.get(); }
    const std::string& host() const noexcept { return host_; } // without the brackets of an IPv6 address
    const std::string& port() const noexcept { return port_; }
    bool secure() const noexcept { return secure_; }

    /// The host if it is an address itself, however that is spelled: nothing to look up.
    const std::optional<boost::asio::ip::address>& literal() const noexcept { return literal_; }

    /// Without user name, password and fragment: for failures, logs and the response.
    const std::string& shown() const noexcept { return shown_; }

    /// Requests with the same key share the limit per host.
    std::string origin() const { return (secure_ ? "https://" : "http://") + host_ + ":" + port_; }

private:
    url_handle handle_;
    std::string host_, port_, shown_;
    std::optional<boost::asio::ip::address> literal_;
    bool secure_ = false;
};

} // namespace oneloop::http
