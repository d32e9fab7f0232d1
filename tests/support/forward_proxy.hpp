#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace oneloop::testing {

class forward_proxy_options {
public:
    forward_proxy_options() = default;
    /// Whoever does not say so is refused: 407, or the refusal of SOCKS.
    forward_proxy_options& password(std::string user, std::string password) {
        return user_ = std::move(user), password_ = std::move(password), *this;
    }
    /// Spoken to over TLS with this certificate and key (PEM files).
    forward_proxy_options& tls(std::filesystem::path certificate, std::filesystem::path key) {
        return certificate_ = std::move(certificate), key_ = std::move(key), *this;
    }
    /// Answers whatever it is asked with this status.
    forward_proxy_options& refuse(int status) { return refuse_ = status, *this; }
    /// Reads what it is asked, and does nothing.
    forward_proxy_options& silent() { return silent_ = true, *this; }

    std::string user_, password_;
    std::filesystem::path certificate_, key_;
    int refuse_ = 0;
    bool silent_ = false;
};

/// A proxy on a free port of the loopback, on a thread of its own: absolute-form requests, CONNECT and
/// SOCKS 5. Whatever host it is asked for, it connects to 127.0.0.1, at the port it is asked for: names need
/// no DNS.
class forward_proxy {
public:
    explicit forward_proxy(forward_proxy_options options = {});
    ~forward_proxy();

    /// "http://127.0.0.1:4711"; `who` is "user:password@".
    std::string url(const std::string& scheme = "http", const std::string& who = {}) const {
        return scheme + "://" + who + "127.0.0.1:" + std::to_string(port_);
    }
    std::uint16_t port() const noexcept { return port_; }

    /// What it was asked, in order: the head of a request or of a CONNECT, or of SOCKS "SOCKS host:port" and
    /// ", user:password" where it was told one.
    std::vector<std::string> asked() const;
    std::size_t connections() const;

private:
    class inside;
    std::unique_ptr<inside> inside_;
    std::uint16_t port_;
};

} // namespace oneloop::testing
