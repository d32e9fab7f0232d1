#pragma once

#include "tests/support/certificates.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oneloop::testing {

class nginx_options {
public:
    nginx_options() = default;
    /// Serves https as well.
    nginx_options& tls(identity files) { return tls_ = std::move(files), *this; }
    /// Offers HTTP/2 over https.
    nginx_options& http2() { return http2_ = true, *this; }
    /// Listens on unix_path() as well.
    nginx_options& unix_socket() { return unix_socket_ = true, *this; }
    /// How fast files below /slow/ are sent, in bytes per second. The first second's worth is sent at once.
    nginx_options& slow_rate(std::size_t rate) { return slow_rate_ = rate, *this; }
    /// More lines for the server block, such as locations.
    nginx_options& server(std::string lines) { return server_ = std::move(lines), *this; }

    std::optional<identity> tls_;
    std::size_t slow_rate_ = 100'000;
    std::string server_;
    bool http2_ = false, unix_socket_ = false;
};

/// A real nginx of one test's own, on free ports of 127.0.0.1, with everything it needs in a temporary
/// directory.
///
///     /…           files that the test writes into root()
///     /slow/…      the same, sent slowly
///     /status/404  an answer with this status, for the usual ones; 3xx lead to /status/200
///
/// The program is $ONELOOP_NGINX, or /usr/sbin/nginx.
class nginx {
public:
    explicit nginx(const nginx_options& options = {});
    ~nginx();

    std::string url(const std::string& path = "/") const;
    std::string tls_url(const std::string& path = "/") const;
    std::uint16_t port() const noexcept { return plain_.port; }
    std::uint16_t tls_port() const noexcept { return secure_.port; }

    std::string unix_path() const { return (dir_ / "socket").string(); }

    /// Makes root()/name.
    void serve(const std::string& name, const std::string& content) { dir_.write("www/" + name, content); }
    std::filesystem::path root() const { return dir_ / "www"; }

    struct request {
        double begin, end; ///< seconds since 1970
        int status;
        std::size_t connection; ///< nginx's number of it
        std::string line;       ///< "GET / HTTP/1.1"
    };
    /// Those that have ended, in the order of their end. nginx notes one when its client has long had the
    /// answer: waits until there are `at_least` so many, and throws if there are not in the end.
    std::vector<request> requests(std::size_t at_least) const;

    /// Everything of it at once: SIGSTOP, SIGCONT, SIGKILL.
    void signal(int number) { process_->signal_group(number); }
    std::string error_log() const;

private:
    struct listener {
        int fd = -1;
        std::uint16_t port = 0;
    };
    static listener listen();
    std::string configuration(const nginx_options& options) const;
    void await_readiness() const;

    temp_dir dir_;
    listener plain_, secure_;
    std::unique_ptr<process> process_;
};

/// How many of the requests were under way at the same time, at most.
std::size_t most_at_once(const std::vector<nginx::request>& requests);

} // namespace oneloop::testing
