#pragma once

#include "http_client/cookie_jar.hpp"
#include "http_client/proxy_route.hpp"
#include "http_client/tls_setup.hpp"
#include <oneloop/http/options.hpp>

#include <memory>
#include <string>

namespace oneloop::http {

/// How a client's connections are made: what its options say of it, checked once and told to each handle.
class connection_setup {
public:
    /// Throws `error` with `condition::argument` for what is wrong with the options.
    explicit connection_setup(const client_options&);

    /// What is the same for every request that a handle will serve.
    void apply(easy&) const;

    const tls_setup tls;
    const proxy_route proxy;
    const std::string unix_socket; // empty: none
    const bool http2;
    const std::shared_ptr<cookie_jar> cookies; // null: none are kept
};

/// Whether this libcurl's HTTP/2 can be relied on: before 8.4.0 it crashes, stalls and takes aborted bodies
/// for complete ones.
bool has_sound_http2() noexcept;

} // namespace oneloop::http
