#include "http_client/proxy_route.hpp"

#include "core/host_name.hpp"

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

namespace ip = boost::asio::ip;

[[noreturn]] void refuse(std::string why) {
    throw error(failure(errc::invalid_argument).doing("http::client").because(std::move(why)));
}

std::optional<std::string> part(CURLU* url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK)
        return std::nullopt;
    std::string copy(text);
    curl_free(text);
    return copy;
}

std::string_view without_dots(std::string_view name) {
    if (name.starts_with('.'))
        name.remove_prefix(1);
    if (name.ends_with('.'))
        name.remove_suffix(1);
    return name;
}

std::string default_port(const std::string& scheme) {
    return scheme == "http" ? "80" : scheme == "https" ? "443" : "1080";
}

} // namespace

proxy_route::proxy_route(const std::string& url, const std::string& direct_hosts) {
    if (!url.empty())
        read_url(url);
    read_direct(direct_hosts);
}

void proxy_route::read_url(const std::string& url) {
    const url_handle parsed(curl_url(), &curl_url_cleanup);
    if (!parsed)
        throw std::bad_alloc();
    const bool clean = std::ranges::none_of(url, [](char c) {
        return c == '\\' || static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    });
    CURLU* u = parsed.get();
    if (!clean || url.find("://") == url.npos ||
        curl_url_set(u, CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        refuse("the proxy is no URL such as http://user:password@host:3128 (percent-encode what is special)");
    scheme_ = part(u, CURLUPART_SCHEME).value_or("");
    if (scheme_ == "socks5")
        scheme_ = "socks5h"; // the name of a server is the proxy's to look up
    if (scheme_ != "http" && scheme_ != "https" && scheme_ != "socks5h")
        refuse("the URL of a proxy begins with http, https, socks5 or socks5h");
    if (part(u, CURLUPART_PATH).value_or("/") != "/" || part(u, CURLUPART_QUERY) ||
        part(u, CURLUPART_FRAGMENT))
        refuse("the URL of a proxy ends after the port");
    host_ = normal_host_name(part(u, CURLUPART_HOST).value_or(""));
    port_ = part(u, CURLUPART_PORT).value_or(default_port(scheme_));
    url_ = scheme_ + "://" + host_ + ":" + port_;
    if (host_.starts_with('['))
        host_ = host_.substr(1, host_.find(']') - 1);
    error_code is_name;
    if (auto address = ip::make_address(host_, is_name); !is_name)
        literal_ = address;
    else if (refuse_host_name(host_))
        refuse("the host of the proxy is none");
    own_ = credentials::of(u);
    if (const char* fault = own_.fault(!is_socks()))
        refuse("the URL of the proxy: " + std::string(fault));
}

void proxy_route::read_direct(std::string_view hosts) {
    while (!hosts.empty()) {
        const auto comma = hosts.find(',');
        std::string_view one = hosts.substr(0, comma);
        hosts.remove_prefix(comma == hosts.npos ? hosts.size() : comma + 1);
        while (one.starts_with(' '))
            one.remove_prefix(1);
        while (one.ends_with(' '))
            one.remove_suffix(1);
        if (one.starts_with('[') && one.ends_with(']'))
            one = one.substr(1, one.size() - 2);
        const std::string text(one);
        error_code other;
        if (text.empty())
            continue;
        if (text.find('\0') != text.npos) // which Asio takes for the end
            refuse("no_proxy: a NUL in " + printable_host_name(text));
        if (text == "*")
            all_direct_ = true;
        else if (const auto address = ip::make_address(text, other); !other && address.is_v4())
            networks_v4_.emplace_back(address.to_v4(), 32);
        else if (!other)
            networks_v6_.emplace_back(address.to_v6(), 128);
        else if (const auto v4 = ip::make_network_v4(text, other); !other)
            networks_v4_.push_back(v4.canonical());
        else if (const auto v6 = ip::make_network_v6(text, other); !other)
            networks_v6_.push_back(v6.canonical());
        else if (refuse_host_name(without_dots(text)))
            refuse("no_proxy: neither a host nor a network: " + printable_host_name(text));
        else
            names_.push_back(normal_host_name(std::string(without_dots(text))));
    }
}

bool proxy_route::is_direct(const ip::address& address) const {
    if (address.is_v4())
        return std::ranges::any_of(networks_v4_, [at = address.to_v4()](const auto& net) {
            return ip::network_v4(at, net.prefix_length()).canonical() == net;
        });
    return std::ranges::any_of(networks_v6_, [at = address.to_v6()](const auto& net) {
        return ip::network_v6(at, net.prefix_length()).canonical() == net;
    });
}

bool proxy_route::is_direct(std::string_view name) const {
    return std::ranges::any_of(names_, [name = without_dots(name)](const std::string& host) {
        return name.ends_with(host) &&
               (name.size() == host.size() || name[name.size() - host.size() - 1] == '.');
    });
}

bool proxy_route::leads_to(const target& to) const {
    if (url_.empty() || all_direct_)
        return false;
    return to.literal() ? !is_direct(*to.literal()) : !is_direct(to.host());
}

void proxy_route::apply(easy& e) const {
    if (url_.empty())
        return;
    // Not in the URL, which libcurl shows when it complains of it
    e.set(CURLOPT_PROXYUSERNAME, own_.user ? own_.user->c_str() : nullptr);
    e.set(CURLOPT_PROXYPASSWORD, own_.password ? own_.password->c_str() : nullptr);
    e.set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
    e.set(CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC));
    e.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);                      // they are not the server's
    e.set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE)); // nor are the request's for the proxy
    e.set(CURLOPT_NOPROXY, "");                                       // which is for leads_to() to say
}

void proxy_route::choose(easy& e, bool through_proxy) const {
    if (std::exchange(e.proxied, through_proxy) != through_proxy)
        e.set(CURLOPT_PROXY, through_proxy ? url_.c_str() : "");
}

} // namespace oneloop::http
