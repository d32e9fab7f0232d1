#pragma once

#include <string>
#include <utility>

namespace oneloop {

/// Whom to trust on the other end of a TLS connection. Without further ado: whoever shows a certificate for
/// the host's name that an authority of the system vouches for.
class tls_options {
public:
    tls_options() =
        default; // declared, so that it is no aggregate: g++ 12 destroys temporary ones twice in a co_await

    /// A file of PEM certificates to trust in place of the system's.
    tls_options& trust_file(std::string path) { return trust_file_ = std::move(path), *this; }
    const std::string& trust_file() const noexcept { return trust_file_; }

    /// Takes whatever certificate the server shows: whoever sits between can read and change everything.
    tls_options& dangerously_accept_any_certificate() { return accept_any_ = true, *this; }
    bool accepts_any_certificate() const noexcept { return accept_any_; }

private:
    std::string trust_file_;
    bool accept_any_ = false;
};

} // namespace oneloop
