#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

http::client_options trusting(const certificate_authority& authority) {
    return http::client_options().trust_file(authority.certificate().string());
}

} // namespace

TEST_CASE("tls: a certificate that a trusted authority signed", "[http][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("good")));
    server.serve("page", "secret");
    with_working_client(trusting(authority), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.tls_url("/page"));
        CHECK(page.body() == "secret");
    });
}

TEST_CASE("tls: certificates that are not to be trusted", "[http][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    struct bad {
        const char* name;
        identity who;
        const char* words;
    };
    const bad all[] = {
        {"expired", authority.issue("expired", certificate_options().expired()), "expired"},
        {"not yet valid", authority.issue("early", certificate_options().not_yet_valid()), "not yet valid"},
        {"for another name",
         authority.issue("other", certificate_options().for_names({"example.org"}).for_addresses({})),
         "name"},
        {"self-signed", self_signed(dir.path(), "self"), "self"},
    };
    for (const bad& b : all) {
        DYNAMIC_SECTION(b.name) {
            tcp_server server(http_answers("no"), tcp_server_options().tls(b.who.certificate, b.who.key));
            with_working_client(trusting(authority), [&](http::client& http) -> awaitable<> {
                auto r = co_await http.get(server.url(), nothrow);
                check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
                CHECK_THAT(r.error().message(), containing(b.words));
            });
            CHECK(server.requests().empty());
        }
    }
}

TEST_CASE("tls: an authority that nobody knows", "[http][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("good")));
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.tls_url("/status/200"), nothrow);
        check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
    });
}

TEST_CASE("tls: checks switched off for one request are on for the next", "[http][tls]") {
    const temp_dir dir;
    const identity self = self_signed(dir.path(), "self");
    nginx server(nginx_options().tls(self));
    with_working_client([&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 3; ++i) {
            auto page = co_await http.get(
                server.tls_url("/status/200"), http::request_options{}.dangerously_accept_any_certificate()
            );
            CHECK(page.status() == 200);
            // Neither the open connection nor the TLS session of the one before may serve this
            auto r = co_await http.get(server.tls_url("/status/200"), nothrow);
            check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
        }
    });
}

TEST_CASE("tls: a server that hangs in the handshake", "[http][tls][fault]") {
    tcp_server server(script().hang());
    const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    with_working_client(
        http::client_options().connect_timeout(200ms),
        [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(url, nothrow);
            check_failure(r, condition::timeout, phase::tls, "connect_timeout 200 ms", outcome::not_sent);
        }
    );
}

TEST_CASE("tls: a server that speaks no TLS", "[http][tls][fault]") {
    tcp_server server(script().send("HTTP/1.1 400 Bad Request\r\n\r\n").hang());
    const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(url, nothrow);
        check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
    });
}
