#pragma once

#include "http_client/credentials.hpp"
#include <oneloop/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct Curl_URL;

namespace oneloop::http {

struct url_closer {
    void operator()(Curl_URL*) const noexcept;
};
using url_handle = std::shared_ptr<Curl_URL>;

/// A URL taken apart once, by libcurl's own parser: what we decide on and what libcurl dials cannot differ.
/// A copy shares what was taken apart, until it is changed.
class target {
public:
    /// http and https only. Refused besides what libcurl refuses: spaces, control characters and backslashes,
    /// which other parsers read differently; and a user name or password that cannot be sent.
    ///
    /// `doing` is the method, for the failure. With a `base`, a URL without a scheme is relative to it.
    static result<target> parse(
        const std::string& url, std::string_view doing = "GET", const target* base = nullptr
    );

    /// Where a redirect leads. Servers write spaces and other bytes that do not belong there: these are
    /// percent-encoded. A user name and password that the server gives are not used.
    result<target> follow(std::string_view location, std::string_view doing) const;

    /// In place of those in the URL. No code: all is well.
    failure set_user(const credentials& who, bool basic);

    /// Adds to the query, which is encoded already. No code: all is well.
    failure append_query(const std::string& encoded);

    Curl_URL* handle() const noexcept { return parts_->handle.get(); }
    const std::string& host() const noexcept {
        return parts_->host;
    } // without the brackets of an IPv6 address
    const std::string& port() const noexcept { return parts_->port; }
    bool secure() const noexcept { return parts_->secure; }

    /// The host if it is an address itself, however that is spelled: nothing to look up.
    const std::optional<boost::asio::ip::address>& literal() const noexcept { return parts_->literal; }

    /// Without user name, password and fragment: for failures, logs and the response.
    const std::string& shown() const noexcept { return parts_->shown; }

    /// Requests with the same key share the limit per host.
    const std::string& origin() const noexcept { return parts_->origin; }

private:
    static result<target> take(url_handle, const std::string& url, std::string_view doing);
    void read_text();
    failure set(int which, const std::string& encoded);
    Curl_URL* own();

    struct parts {
        url_handle handle;
        std::string host, port, shown, origin;
        std::optional<boost::asio::ip::address> literal;
        bool secure = false;
    };
    std::shared_ptr<parts> parts_; // changed only by way of own()
};

/// The same scheme, host and port.
bool same_origin(const target&, const target&);

} // namespace oneloop::http
