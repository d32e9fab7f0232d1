#include "http_client/connection_setup.hpp"

#include "core/words.hpp"

#include <sys/un.h>

#include <string>

namespace oneloop::http {
namespace {

failure wrong(std::string why) {
    return failure(errc::invalid_argument).doing("http::client").because(std::move(why));
}

bool has_feature(int which) noexcept {
    return curl_version_info(CURLVERSION_NOW)->features & which;
}
bool has_http2() noexcept {
    return has_feature(CURL_VERSION_HTTP2);
}

std::string checked_path(std::string path) {
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    if (path.find('\0') != path.npos)
        throw error(wrong("a NUL in the path of the unix socket"));
    if (path.size() > longest)
        throw error(wrong(
            "the path of the unix socket has " + std::to_string(path.size()) + " bytes, and " +
            std::to_string(longest) + " is the most that there can be: " + printable(path)
        ));
    return path;
}

} // namespace

bool has_sound_http2() noexcept {
    return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080400;
}

connection_setup::connection_setup(const client_options& options)
    : tls(options.tls_),
      proxy(options.proxy_, options.no_proxy_),
      unix_socket(checked_path(options.unix_socket_)),
      http2(options.http2_.value_or(has_sound_http2() && has_http2())),
      cookies(options.cookies_ ? std::make_shared<cookie_jar>() : nullptr) {
    if (proxy && !unix_socket.empty())
        throw error(wrong("a proxy and a unix socket exclude each other"));
    if (proxy && options.headers_.contains("Proxy-Authorization"))
        throw error(wrong("a Proxy-Authorization field would go to the servers; put it into the proxy's URL")
        );
    if (proxy.secure() && !has_feature(CURL_VERSION_HTTPS_PROXY))
        throw error(wrong("this libcurl was built without https proxies"));
    if (http2 && !has_http2())
        throw error(wrong("http2: this libcurl was built without it"));
}

void connection_setup::apply(easy& e) const {
    tls.apply(e);
    proxy.apply(e);
    if (proxy.secure())
        tls.apply_to_proxy(e, proxy.host());
    if (!unix_socket.empty())
        e.set(CURLOPT_UNIX_SOCKET_PATH, unix_socket.c_str());
    if (cookies)
        cookies->apply(e);
}

} // namespace oneloop::http
