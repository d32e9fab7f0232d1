#include "core/host_name.hpp"
#include "core/server_url.hpp"
#include <oneloop/error.hpp>
#include <oneloop/redis/options.hpp>

#include <boost/asio/ip/address.hpp>

#include <charconv>

namespace oneloop::redis {

namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw error(failure(oneloop::errc::invalid_argument).doing("redis::options").because(why));
}

} // namespace

options options::from_url(std::string_view url) {
    options o;
    constexpr std::string_view unix_scheme = "unix://";
    if (url.starts_with(unix_scheme)) {
        const auto path = url.substr(unix_scheme.size());
        if (!path.starts_with('/') || path.find_first_of("?#%") != path.npos)
            refuse("behind unix:// stands an absolute path and nothing else; the rest is for the setters");
        return o.unix_socket(std::string(path));
    }
    server_url parts("redis", url);
    o.host(std::move(parts.host)).port(parts.port.value_or(6379));
    if (parts.user)
        o.user(std::move(*parts.user));
    if (parts.password)
        o.password(std::move(*parts.password));
    if (parts.path && !parts.path->empty()) {
        unsigned number = 0;
        const auto end = parts.path->data() + parts.path->size();
        const auto [stopped, failed] = std::from_chars(parts.path->data(), end, number);
        if (failed != std::errc() || stopped != end)
            refuse("what stands behind the host is the number of a database");
        o.database(number);
    }
    return o;
}

void options::check() const {
    if (!user_.empty() && password_.empty())
        refuse("a user without a password; the server wants both");
    if (!path_.empty()) {
        if (path_.find('\0') != std::string::npos || path_.size() > 107)
            refuse("the path of the socket has a NUL in it, or more than 107 bytes");
        return;
    }
    error_code no_address;
    boost::asio::ip::make_address(host_, no_address);
    if (no_address)
        if (const char* bad = refuse_host_name(host_))
            refuse(std::string("the host: ") + bad);
    if (port_ == 0)
        refuse("the port is 0");
}

} // namespace oneloop::redis
