#include "mysql/trust.hpp"

#include "mysql/loopback_certificate.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace oneloop::mysql {
namespace {

// The library's own stack for an operation that waits: it has no guard page, and its 60 KB would be shared
// with what a name look-up or a plug-in needs.
constexpr std::size_t stack_size = std::size_t{128} << 10;

constexpr std::uint64_t smallest_packet = std::uint64_t{64} << 20, largest_packet = std::uint64_t{1} << 30;

// A server may ask for any way to log in, also one that shows it the password (mysql_clear_password), or one
// that asks on the terminal (dialog). The native one tells nothing but whether the password is right. The
// others send it, or something as good, to whoever is there: so only to one that has proved who it is, or is
// on this machine.
constexpr const char* anywhere = "mysql_native_password";
constexpr const char* to_a_known_server = "mysql_native_password,client_ed25519,caching_sha2_password";

class settings {
public:
    explicit settings(MYSQL* m) : mysql_(m) {}
    void text(mysql_option which, const char* value) { ok_ = ok_ && !mysql_options(mysql_, which, value); }
    template <class T>
    void number(mysql_option which, T value) {
        ok_ = ok_ && !mysql_options(mysql_, which, &value);
    }
    bool ok() const noexcept { return ok_; }

private:
    MYSQL* mysql_;
    bool ok_ = true;
};

// Where OpenSSL is told to look, or else where distributions keep the authorities that they trust.
void trust_the_system(settings& s) {
    const char* file = secure_getenv("SSL_CERT_FILE");
    const char* folder = secure_getenv("SSL_CERT_DIR");
    if (!file && !folder)
        for (const char* usual :
             {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"})
            if (!file && !access(usual, R_OK))
                file = usual;
    if (file)
        s.text(MYSQL_OPT_SSL_CA, file);
    if (folder || !file)
        s.text(MYSQL_OPT_SSL_CAPATH, folder ? folder : "/etc/ssl/certs");
}

void set_tls(settings& s, MYSQL* m, const options& o) {
    const tls_options& tls = *o.tls_wanted();
    const bool verify = !tls.accepts_any_certificate();
    s.number<my_bool>(MYSQL_OPT_SSL_ENFORCE, 1); // or a server without TLS would be spoken to in clear
    s.number<my_bool>(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, static_cast<my_bool>(verify ? 1 : 0));
    if (!verify)
        return;
    // Always some: where nobody is named whom to trust, libmariadb 3.4 takes any certificate on this machine,
    // and elsewhere that of a server that knows a hash of the password.
    if (!tls.trust_file().empty())
        s.text(MYSQL_OPT_SSL_CA, tls.trust_file().c_str());
    else
        trust_the_system(s);
    check_loopback_certificate(m, o.host());
}

} // namespace

void handle_closer::operator()(MYSQL* m) const noexcept {
    mysql_close(m);
}

handle prepare(const options& o, duration connect_timeout) {
    init_library();
    handle h(mysql_init(nullptr));
    if (!h)
        return h;
    settings s(h.get());
    s.number<unsigned>(MYSQL_OPT_LOCAL_INFILE, 0);
    s.number<my_bool>(MYSQL_OPT_RECONNECT, 0); // it would repeat statements, and lose the session
    const bool known = o.tls_wanted() ? !o.tls_wanted()->accepts_any_certificate() : !o.unix_socket().empty();
    s.text(static_cast<mysql_option>(MARIADB_OPT_RESTRICTED_AUTH), known ? to_a_known_server : anywhere);
    s.text(MYSQL_PLUGIN_DIR, ONELOOP_MARIADB_PLUGINS); // or MARIADB_PLUGIN_DIR of the environment
    if (o.tls_wanted())
        set_tls(s, h.get(), o);
    else
        s.number<my_bool>(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, 0); // of 3.4 on it would ask for TLS by itself
    s.number<unsigned>(
        MYSQL_OPT_PROTOCOL, o.unix_socket().empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET
    ); // "localhost" would mean the socket
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(connect_timeout).count();
    s.number(MYSQL_OPT_CONNECT_TIMEOUT, static_cast<unsigned>(std::clamp<std::int64_t>(seconds, 1, 3600)));
    s.number(
        MYSQL_OPT_MAX_ALLOWED_PACKET,
        static_cast<std::size_t>(std::clamp(o.max_result(), smallest_packet, largest_packet))
    );
    // Before connecting: to what was chosen then a session returns when it is reset
    s.text(MYSQL_SET_CHARSET_NAME, "utf8mb4");
    s.number(MYSQL_OPT_NONBLOCK, stack_size);
    if (!s.ok())
        h.reset();
    return h;
}

} // namespace oneloop::mysql
