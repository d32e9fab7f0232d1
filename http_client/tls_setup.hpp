#pragma once

#include "http_client/easy.hpp"
#include <oneloop/http/tls_options.hpp>

#include <string>
#include <unordered_map>

namespace oneloop::http {

/// What a client's tls_options mean to libcurl.
class tls_setup {
public:
    /// Throws `error` with `condition::argument` for what can be seen to be wrong without a handshake.
    explicit tls_setup(tls_options options);

    /// What is the same for every request that a handle will serve.
    void apply(easy&) const;
    /// The same towards an https proxy.
    void apply_to_proxy(easy&, const std::string& host) const;

    /// Whether a server that asks for the client's certificate is shown it.
    void show_certificate(easy&, bool shown) const;

    /// Which keys the host of this request may have.
    void pin(easy&, const std::string& host) const;

    /// What is the matter with a handshake that failed, where the fault is with a file of ours or a pin;
    /// empty for everything else.
    std::string explain(CURLcode code) const;

private:
    void check_files() const;
    void read_pins();
    long oldest() const noexcept;
    const std::string& key_path() const noexcept;

    tls_options options_;
    std::unordered_map<std::string, std::string> pins_; // by host, as libcurl wants them
};

} // namespace oneloop::http
