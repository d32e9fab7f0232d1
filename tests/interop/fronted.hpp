#pragma once

#include "tests/interop/capabilities.hpp"
#include "tests/interop/server.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/nginx.hpp"
#include <oneloop/http.hpp>

#include <string>

namespace oneloop::testing {

/// nginx, and Uvicorn behind it for all but files and gzip; in plain http, and over TLS.
class fronted {
public:
    fronted()
        : authority(keys.path()),
          behind(packaged_server::inherits([](const std::string& fd, const temp_dir&) {
              return packaged_server::command{"/usr/bin/python3", "-m",      "uvicorn",       "--fd", fd,
                                              "--log-level",      "warning", "plain_asgi:app"};
          })),
          server(nginx_options().tls(authority.issue("server")).http2().server(locations())) {
        server.serve("hello", "hello\n");
        server.serve("large", numbered_lines(8 << 20));
        server.serve("gzip", numbered_lines(128 << 10));
    }

    http::client_options trusting() const {
        return http::client_options().trust_file(authority.certificate().string());
    }

    temp_dir keys;
    certificate_authority authority;
    packaged_server behind;
    nginx server;

private:
    std::string locations() const {
        return "location = /gzip { gzip on; gzip_types *; }\n"
               "location ~ ^/(form|json|upload|moved|chunked|deflate|br|redirect/.*)$ {\n"
               "    proxy_pass " +
               behind.url() +
               ";\n    proxy_http_version 1.1; proxy_request_buffering off; client_max_body_size 0;\n}\n";
    }
};

inline std::string nginx_version() {
    process asked({"/bin/sh", "-c", "exec \"${ONELOOP_NGINX:-/usr/sbin/nginx}\" -v 2>&1"});
    const auto line = asked.read_line(); // "nginx version: nginx/1.22.1"
    return "nginx " + line.substr(line.rfind('/') + 1);
}

} // namespace oneloop::testing
