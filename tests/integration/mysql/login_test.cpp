#include "tests/integration/mysql/checks.hpp"
#include "tests/support/certificates.hpp"

#include <stdlib.h>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

mysql::options trusting(const mariadb_server& server, const certificate_authority& authority) {
    return to(server).host("localhost").tls(tls_options().trust_file(authority.certificate().string()));
}

template <class Check>
void refused(const mariadb_server& server, const mysql::options& how, Check check) {
    with_server(server, [&](executor loop) -> awaitable<> {
        auto r = co_await mysql::connect(loop, how, nothrow);
        check(r);
    });
}

class variable {
public:
    variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~variable() { ::unsetenv(name_); }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;

private:
    const char* name_;
};

} // namespace

TEST_CASE("login: a wrong password, an unknown database, a forbidden one", "[mysql][login]") {
    const mariadb_server server;
    refused(server, to(server).password("wrong-secret"), [](const auto& r) {
        check_failure(r, condition::server, phase::auth, "", outcome::not_sent);
        CHECK(r.error().code() == error_code(1045, mysql::server_category()));
        CHECK_THAT(r.error().message(), containing("connect mysql://oneloop@127.0.0.1:"));
        CHECK_THAT(r.error().message(), containing("Access denied"));
    });
    refused(server, to(server).database("mysql"), [](const auto& r) {
        check_failure(r, condition::server, phase::auth, "", outcome::not_sent);
        CHECK(r.error().code() == error_code(1044, mysql::server_category()));
    });
    server.execute("GRANT ALL ON *.* TO 'oneloop'@'%'");
    refused(server, to(server).database("nowhere"), [](const auto& r) {
        check_failure(r, condition::server, phase::auth, "", outcome::not_sent);
        CHECK(r.error().code() == error_code(1049, mysql::server_category()));
    });
}

TEST_CASE("login: options that cannot be", "[mysql][login]") {
    const mariadb_server server;
    for (const auto& bad : {to(server).user(""), to(server).host("a=b;c=d"), to(server).host("a,b")})
        refused(server, bad, [](const auto& r) {
            check_failure(r, condition::argument, phase::none, "", outcome::not_sent);
        });
}

TEST_CASE("login: too many connections", "[mysql][login]") {
    const mariadb_server server(mariadb_options().config("max_connections=10"));
    with_server(server, [&](executor loop) -> awaitable<> {
        std::vector<mysql::connection> all;
        result<mysql::connection> last = failure(errc::closed);
        while (true) {
            last = co_await mysql::connect(loop, to(server), nothrow);
            if (!last)
                break;
            all.push_back(std::move(*last));
        }
        check_failure(last, condition::server, phase::auth, "", outcome::not_sent);
        CHECK(last.error().code() == error_code(1040, mysql::server_category()));
        CHECK(all.size() >= 9);
    });
}

TEST_CASE("login: the environment does not matter", "[mysql][login]") {
    const mariadb_server server;
    const variable password("MYSQL_PWD", "secret"), port("MYSQL_TCP_PORT", "1"),
        socket("MYSQL_UNIX_PORT", "/nonexistent"), plugins("MARIADB_PLUGIN_DIR", "/nonexistent");
    refused(server, to(server).password(""), [](const auto& r) {
        check_failure(r, condition::server, phase::auth, "", outcome::not_sent);
    });
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto fine = co_await db.query("SELECT CURRENT_USER()");
        CHECK(fine[0][0].text() == "oneloop@%");
    });
}

TEST_CASE("login: verified TLS", "[mysql][login][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const mariadb_server server(mariadb_options().tls(authority.issue("good")));
    for (const auto& how : {trusting(server, authority), trusting(server, authority).host("127.0.0.1")})
        with_connection(server, how, [](mysql::connection& db) -> awaitable<> {
            auto cipher = co_await db.query("SHOW STATUS LIKE 'Ssl_cipher'");
            CHECK(cipher[0][1].text() != "");
            // A wait under TLS must not be one of OpenSSL's own, on the loop: with_connection would see the
            // stall
            auto slow = co_await db.query("SELECT SLEEP(0.2)");
            CHECK(slow.size() == 1);
            auto large = co_await db.query("SELECT seq, REPEAT('r', 1000) FROM seq_1_to_10000");
            CHECK(large.size() == 10'000);
            auto sent = co_await db.query("SELECT LENGTH('" + std::string(5 << 20, 'y') + "')");
            CHECK(sent[0][0].as<int>() == 5 << 20);
            co_await db.close();
        });
}

TEST_CASE("login: certificates that are not to be trusted", "[mysql][login][tls]") {
    const temp_dir dir, elsewhere;
    const certificate_authority authority(dir.path()), unknown(elsewhere.path());
    const mariadb_server server(mariadb_options().tls(authority.issue("good")));
    refused(server, trusting(server, unknown), [](const auto& r) {
        check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
    });
    refused(server, to(server).host("localhost").tls(), [](const auto& r) {
        check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
    });
    with_connection(
        server, to(server).tls(tls_options().dangerously_accept_any_certificate()),
        [](mysql::connection& db) -> awaitable<> {
            auto cipher = co_await db.query("SHOW STATUS LIKE 'Ssl_cipher'");
            CHECK(cipher[0][1].text() != "");
        }
    );
}

TEST_CASE("login: a certificate for another name, or whose time is over", "[mysql][login][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    for (const auto& which :
         {certificate_options().for_names({"example.org"}).for_addresses({}),
          certificate_options().expired()}) {
        const mariadb_server server(mariadb_options().tls(authority.issue("bad", which)));
        for (const std::string host : {"localhost", "127.0.0.1"})
            refused(server, trusting(server, authority).host(host), [](const auto& r) {
                check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
            });
    }
}

TEST_CASE("login: a server without TLS is refused when TLS was asked for", "[mysql][login][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const mariadb_server server;
    refused(server, trusting(server, authority), [](const auto& r) {
        check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
    });
    refused(server, to(server).tls(tls_options().dangerously_accept_any_certificate()), [](const auto& r) {
        check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
    });
}
