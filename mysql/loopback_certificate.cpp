#include "mysql/loopback_certificate.hpp"

#if MARIADB_PACKAGE_VERSION_ID >= 30400

#include <dlfcn.h>

#include <cstdio>
#include <string_view>

namespace oneloop::mysql {
namespace {

// The front of MARIADB_TLS, whose header is not always complete (Debian 13).
struct tls_front {
    void* data;
    MARIADB_PVIO* pvio;
    void* ssl;
};

// OpenSSL's functions, from the library that libmariadb has brought along: oneloop itself needs none.
template <class Function>
Function* of_openssl(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

bool is_for(void* ssl, const char* address) {
    auto* const result = of_openssl<long(const void*)>("SSL_get_verify_result");
    auto* const peer = of_openssl<void*(const void*)>("SSL_get1_peer_certificate");
    auto* const check = of_openssl<int(void*, const char*, unsigned)>("X509_check_ip_asc");
    auto* const release = of_openssl<void(void*)>("X509_free");
    if (!result || !peer || !check || !release || result(ssl) != 0)
        return false;
    void* const certificate = peer(ssl);
    const bool fits = certificate && check(certificate, address, 0) == 1;
    release(certificate);
    return fits;
}

// In place of libmariadb's own: 0 if the certificate is good. What the handshake found is in
// tls_verify_status.
int verify(tls_front* tls, unsigned) {
    MYSQL* const m = tls->pvio->mysql;
    const char* library = nullptr;
    const bool openssl = !mariadb_get_infov(m, MARIADB_TLS_LIBRARY, &library) && library &&
                         std::string_view(library).starts_with("OpenSSL");
    if (openssl && m->net.tls_verify_status == MARIADB_TLS_VERIFY_OK && is_for(tls->ssl, m->host))
        return 0;
    m->net.tls_verify_status |= MARIADB_TLS_VERIFY_HOST; // more than distrust, which a password would mend
    if (m->net.last_errno == 0) {
        m->net.last_errno = CR_SSL_CONNECTION_ERROR;
        std::snprintf(m->net.sqlstate, sizeof(m->net.sqlstate), "HY000");
        std::snprintf(
            m->net.last_error, sizeof(m->net.last_error), "TLS/SSL error: the certificate is not for %s",
            m->host
        );
    }
    return 1;
}

} // namespace

void check_loopback_certificate(MYSQL* m, const std::string& host) {
    if (host == "127.0.0.1" || host == "::1")
        mysql_optionsv(m, MARIADB_OPT_TLS_VERIFICATION_CALLBACK, reinterpret_cast<void*>(&verify));
}

} // namespace oneloop::mysql

#else

namespace oneloop::mysql {

void check_loopback_certificate(MYSQL*, const std::string&) {}

} // namespace oneloop::mysql

#endif
