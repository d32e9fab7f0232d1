#include "mysql/option_check.hpp"

#include "core/host_name.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace oneloop::mysql {
namespace {

bool has_nul(const std::string& text) noexcept {
    return text.find('\0') != std::string::npos;
}

std::string visible(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, '?'
    );
    return text;
}

const char* why_not(const options& o) {
    for (const auto* text : {&o.host(), &o.unix_socket(), &o.user(), &o.password(), &o.database()})
        if (has_nul(*text))
            return "a NUL in the host, socket, user, password or database";
    if (o.tls_wanted() && has_nul(o.tls_wanted()->trust_file()))
        return "a NUL in the path of the trust file";
    if (o.user().empty())
        return "no user was given";
    if (!o.unix_socket().empty())
        return o.tls_wanted() ? "TLS over a unix socket: it never leaves this machine" : nullptr;
    return o.port() == 0 ? "the port is 0" : refuse_host(o.host());
}

} // namespace

const char* refuse_host(const std::string& host) noexcept {
    error_code not_literal;
    boost::asio::ip::make_address(host, not_literal);
    // "fe80::1%eth0" is an address for Asio; what stands behind '%' is not looked at
    if (!not_literal && host.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos)
        return nullptr;
    return refuse_host_name(host);
}

failure check(const options& o) {
    const char* why = why_not(o);
    return why ? failure(errc::invalid_argument).doing(connecting_to(o)).because(why) : failure();
}

std::string connecting_to(const options& o) {
    const std::string where =
        o.unix_socket().empty() ? o.host() + ":" + std::to_string(o.port()) : o.unix_socket();
    const std::string database = o.database().empty() ? "" : "/" + o.database();
    return visible("connect mysql://" + o.user() + "@" + where + database);
}

} // namespace oneloop::mysql
