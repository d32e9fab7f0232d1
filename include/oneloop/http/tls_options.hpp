#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace oneloop::http {

class tls_setup;

/// Versions of TLS, from the oldest that is still sound.
enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };

/// Whom a client trusts over https, and how it shows who it is itself. Without further ado: TLS 1.2 or later
/// with whoever shows a certificate for the host's name that an authority of the system vouches for.
///
///     http::client http(loop, http::client_options().tls(http::tls_options()
///         .trust_file("/etc/our/authority.pem")
///         .certificate("/etc/our/me.pem", "/etc/our/me.key")
///         .pin("api.example.org", "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=")));
///
/// A file or directory that cannot be read, a pin that is none, and a NUL or a line break anywhere make the
/// client's constructor throw `error` with `condition::argument`. What the files hold is seen in a handshake
/// only: a file without a certificate, a key that does not belong to its certificate and a wrong passphrase
/// fail each request over https with `condition::tls` and `phase::tls`, and the failure names the file.
/// Everything said here holds for a proxy that is spoken to over https as well.
class tls_options {
public:
    tls_options() =
        default; // declared, so that it is no aggregate: g++ 12 destroys temporary ones twice in a co_await

    /// A file of PEM certificates to trust in place of the system's.
    tls_options& trust_file(std::string path) { return trust_file_ = std::move(path), *this; }

    /// A directory of them to trust in place of the system's, one a file, with the links by hash that
    /// `openssl rehash` makes. Beside a file, both are trusted.
    tls_options& trust_directory(std::string path) { return trust_directory_ = std::move(path), *this; }

    /// The text of PEM certificates to trust in place of the system's; not together with a file. It is read
    /// anew for each handshake: for one or a few.
    tls_options& trust_text(std::string pem) { return trust_text_ = std::move(pem), *this; }

    /// The client's own certificate, for servers that ask for one: PEM files of the certificate, its chain
    /// after it, and of its key. Without a path of its own the key is in the certificate's file. An encrypted
    /// key needs its passphrase; nobody is ever asked for it on a terminal. The files are read for each
    /// handshake, on the loop. Every server that asks is shown the certificate, but for another origin that a
    /// request is redirected to.
    tls_options& certificate(std::string path, std::string key_path = {}, std::string passphrase = {}) {
        certificate_ = std::move(path), key_ = std::move(key_path), passphrase_ = std::move(passphrase);
        return *this;
    }

    /// Speaks this version or later (1.2). A server that cannot fails with `condition::tls`.
    tls_options& minimum(tls_version v) { return minimum_ = v, *this; }

    /// Of this host, takes only a certificate with this public key: "sha256//" and the Base64 of the SHA-256
    /// of the key's SubjectPublicKeyInfo, as
    ///
    ///     openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform der |
    ///         openssl dgst -sha256 -binary | base64
    ///
    /// prints it. Several pins of one host are alternatives: pin the next key before the server changes to
    /// it. A pin belongs to the host, whatever the port, and holds for every request that goes there, by a
    /// redirect too; it does not hold for names below it. It is checked besides the certificate, and also
    /// where `dangerously_accept_any_certificate` switches that check off. Another key fails the request with
    /// `condition::tls`, before anything of it is sent. A pin says nothing of plain http.
    tls_options& pin(std::string host, std::string key_hash) {
        pins_.emplace_back(std::move(host), std::move(key_hash));
        return *this;
    }

private:
    friend class tls_setup;

    std::string trust_file_, trust_directory_, trust_text_, certificate_, key_, passphrase_;
    tls_version minimum_ = tls_version::tls_1_2;
    std::vector<std::pair<std::string, std::string>> pins_;
};

} // namespace oneloop::http
