#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/forward_proxy.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <stdlib.h>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string moved_to(const std::string& where) {
    return "HTTP/1.1 302 Found\r\nLocation: " + where + "\r\nContent-Length: 0\r\n\r\n";
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

std::string named(const std::string& scheme, const std::string& name, std::uint16_t port) {
    return scheme + "://" + name + ":" + std::to_string(port);
}

http::client_options through(const std::string& proxy) {
    return http::client_options().proxy(proxy);
}

} // namespace

TEST_CASE("proxy: http URLs are asked for as they are", "[http][proxy]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    forward_proxy proxy(forward_proxy_options().password("me", "s3cret:@"));
    const std::string url = named("http", "no.such.host.test", server.port()) + "/a?b=c";
    with_client(through(proxy.url("http", "me:s3cret%3A%40@")), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(url, http::request_options().basic_auth("you", "0pen"));
        CHECK(page.body() == "ok");
        CHECK(page.peer_address() == "127.0.0.1");
        page = co_await http.get(url);
        CHECK(page.reused_connection());
    });
    REQUIRE(proxy.asked().size() == 2);
    CHECK(proxy.asked()[0].starts_with("GET " + url + " HTTP/1.1\r\n"));
    CHECK_THAT(proxy.asked()[0], containing("Proxy-Authorization: Basic bWU6czNjcmV0OkA=\r\n"));
    CHECK_THAT(proxy.asked()[0], containing("Host: no.such.host.test"));
    REQUIRE(server.requests().size() == 2);
    const std::string seen = server.requests()[0].bytes;
    CHECK(seen.starts_with("GET /a?b=c HTTP/1.1\r\n"));
    CHECK_THAT(seen, containing("\r\nAuthorization: Basic eW91OjBwZW4=\r\n"));
    CHECK_FALSE(has(server.requests()[1].bytes, "Authorization"));
}

TEST_CASE("proxy: https goes through a tunnel, and each is told its own secrets", "[http][proxy][security]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const auto files = authority.issue("server", certificate_options().for_names({"origin.test"}));
    tcp_server server(
        script().expect_request().send(ok).repeat(), tcp_server_options().tls(files.certificate, files.key)
    );
    const std::string url = named("https", "origin.test", server.port()) + "/secret?key=1";
    for (const std::string scheme : {"http", "https"}) {
        forward_proxy_options how = forward_proxy_options().password("me", "s3cret");
        const auto of_proxy = authority.issue("proxy");
        if (scheme == "https")
            how.tls(of_proxy.certificate, of_proxy.key);
        forward_proxy proxy(how);
        auto options = through(proxy.url(scheme, "me:s3cret@")).trust_file(authority.certificate().string());
        options.header("X-Ours", "1");
        const std::size_t before = server.requests().size();
        with_client(options, [&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(url, http::request_options().bearer("t0ken"));
            CHECK(page.body() == "ok");
            CHECK_FALSE(page.headers().contains("X-Proxy"));
            CHECK(page.times().tls > 0s);
            page = co_await http.get(url);
            CHECK(page.reused_connection());
        });
        REQUIRE(proxy.asked().size() == 1);
        const std::string connect = proxy.asked()[0];
        CHECK(connect.starts_with("CONNECT origin.test:" + std::to_string(server.port()) + " HTTP/1.1\r\n"));
        CHECK_THAT(connect, containing("Proxy-Authorization: Basic bWU6czNjcmV0\r\n"));
        CHECK_FALSE(has(connect, "\r\nAuthorization"));
        CHECK_FALSE(has(connect, "X-Ours"));
        CHECK_FALSE(has(connect, "secret?"));
        REQUIRE(server.requests().size() == before + 2);
        for (std::size_t i = before; i < before + 2; ++i)
            CHECK_FALSE(has(server.requests()[i].bytes, "Proxy-"));
        CHECK_THAT(server.requests()[before].bytes, containing("Authorization: Bearer t0ken\r\n"));
    }
}

TEST_CASE("proxy: whom an https proxy shows itself to be counts", "[http][proxy][tls][security]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const identity good = authority.issue("proxy");
    const identity self = self_signed(dir.path(), "self");
    tcp_server server(script().expect_request().send(ok).repeat());
    const std::string url = named("http", "a.test", server.port()) + "/";
    forward_proxy honest(forward_proxy_options().tls(good.certificate, good.key));
    forward_proxy other(forward_proxy_options().tls(self.certificate, self.key));
    const auto trusting = http::tls_options().trust_file(authority.certificate().string());
    with_client(through(honest.url("https")).tls(trusting), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(url);
        CHECK(page.body() == "ok");
    });
    auto wrong_pin = http::tls_options(trusting).pin("127.0.0.1", pin_of(self));
    const auto any = http::request_options().dangerously_accept_any_certificate();
    for (const auto& options :
         {through(other.url("https")).tls(trusting), through(honest.url("https")).tls(wrong_pin)})
        with_client(options, [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(url, any, nothrow); // which says nothing of the proxy
            check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
        });
    CHECK(other.asked().empty());
    CHECK(honest.asked().size() == 1);
}

TEST_CASE("proxy: SOCKS, which is told the name and nothing else", "[http][proxy][socks]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const auto files = authority.issue("server", certificate_options().for_names({"origin.test"}));
    tcp_server plain(script().expect_request().send(ok).repeat());
    tcp_server secure(
        script().expect_request().send(ok).repeat(), tcp_server_options().tls(files.certificate, files.key)
    );
    for (const std::string scheme : {"socks5", "socks5h"}) {
        forward_proxy proxy(forward_proxy_options().password("me", "s3cret"));
        const auto options =
            through(proxy.url(scheme, "me:s3cret@")).trust_file(authority.certificate().string());
        with_client(options, [&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(named("http", "plain.test", plain.port()));
            CHECK(page.body() == "ok");
            page = co_await http.get(named("https", "origin.test", secure.port()));
            CHECK(page.body() == "ok");
        });
        const std::string who = ", me:s3cret";
        CHECK(
            proxy.asked() ==
            std::vector<std::string>{
                "SOCKS plain.test:" + std::to_string(plain.port()) + who,
                "SOCKS origin.test:" + std::to_string(secure.port()) + who}
        );
    }
    for (const auto& request : plain.requests())
        CHECK_FALSE(has(request.bytes, "uthorization"));
}

TEST_CASE("proxy: those that refuse", "[http][proxy][fault]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    const std::string https = named("https", "a.test", server.port()) + "/";
    const std::string http_url = named("http", "a.test", server.port()) + "/";
    forward_proxy closed(forward_proxy_options().password("me", "s3cret"));
    forward_proxy no(forward_proxy_options().refuse(403));
    struct row {
        std::string proxy, url;
        condition what;
        int status;
        std::string words;
    };
    for (const auto& [proxy, url, what, status, words] : std::vector<row>{
             {closed.url("http", "me:wr0ng@"), https, condition::server, 407, "user name and password"},
             {closed.url(), https, condition::server, 407, "user name and password"},
             {no.url("http", "me:wr0ng@"), https, condition::server, 403, "status 403"},
             {closed.url("socks5", "me:wr0ng@"), http_url, condition::network, 0, "rejected"},
             {closed.url("socks5"), http_url, condition::network, 0, "authentication"},
             {no.url("socks5h"), http_url, condition::network, 0, "SOCKS5"}})
        with_client(through(proxy), [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(url, nothrow);
            INFO(proxy);
            check_failure(r, what, phase::connect, "", outcome::not_sent);
            CHECK_THAT(r.error().message(), containing(words));
            CHECK_THAT(r.error().message(), containing("127.0.0.1:" + proxy.substr(proxy.rfind(':') + 1)));
            CHECK_FALSE(has(r.error().message(), "wr0ng"));
            if (status)
                CHECK(r.error().code() == error_code(status, http::status_category()));
        });
    // Of a request for a page it is an answer
    with_client(through(closed.url()), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(http_url);
        CHECK(page.status() == 407);
    });
    CHECK(server.connections() == 0);
}

TEST_CASE("proxy: those that are not there, and those that say nothing", "[http][proxy][fault]") {
    const refused_port dead;
    forward_proxy silent(forward_proxy_options().silent());
    const std::string nobody = "http://me:s3cret@127.0.0.1:" + std::to_string(dead.port());
    for (const std::string url : {"http://a.test/", "https://a.test/"})
        with_client(through(nobody), [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(url, nothrow);
            check_failure(r, condition::network, phase::connect, "", outcome::not_sent);
            CHECK_THAT(r.error().message(), containing("the proxy http://127.0.0.1:"));
            CHECK_THAT(r.error().message(), containing("refused"));
            CHECK_FALSE(has(r.error().message(), "s3cret"));
        });
    const auto hasty = through(silent.url()).connect_timeout(200ms);
    with_client(hasty, [&](http::client& http) -> awaitable<> {
        auto r = co_await http.get("https://a.test/", nothrow);
        check_failure(r, condition::timeout, phase::connect, "connect_timeout 200 ms", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing(silent.url()));
    });
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop); // knows nobody
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()));
        http::client http(loop, through("http://me:s3cret@proxy.test:1").resolve_with(names));
        auto r = co_await http.get("http://a.test/", nothrow);
        check_failure(r, condition::resolve, phase::resolve, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("http://proxy.test:1"));
        CHECK_FALSE(has(r.error().message(), "s3cret"));
        co_await http.close();
    });
}

TEST_CASE("proxy: its name is looked up, and no other", "[http][proxy][dns]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    forward_proxy proxy;
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop);
        dns.set("proxy.test", dns_reply().address("127.0.0.1", 300));
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()));
        for (const std::string scheme : {"http", "socks5"}) {
            http::client http(loop, through(named(scheme, "proxy.test", proxy.port())).resolve_with(names));
            for (const std::string name : {"a.test", "b.test"}) {
                auto page = co_await http.get(named("http", name, server.port()) + "/");
                CHECK(page.body() == "ok");
            }
            co_await http.close();
        }
        CHECK(dns.asked("proxy.test") == 1);
        CHECK(dns.asked("a.test") + dns.asked("b.test") == 0);
    });
    CHECK(proxy.asked().size() == 4);
}

TEST_CASE("proxy: some hosts are asked directly, redirects among them", "[http][proxy][security]") {
    forward_proxy proxy(forward_proxy_options().password("me", "s3cret"));
    tcp_server direct(script().expect_request().send(ok).repeat());
    tcp_server far(script().expect_request().send(moved_to(direct.url("/direct"))).repeat());
    const std::string url = named("http", "far.test", far.port()) + "/";
    const auto options =
        through(proxy.url("http", "me:s3cret@")).no_proxy("10.0.0.0/8").no_proxy("127.0.0.0/8");
    with_client(options, [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 3; ++i) { // with a proxy and without it on one handle
            auto page = co_await http.get(url);
            CHECK(page.body() == "ok");
            CHECK(page.url() == direct.url("/direct"));
        }
    });
    CHECK(proxy.asked().size() == 3);
    REQUIRE(direct.requests().size() == 3);
    for (const auto& request : direct.requests()) {
        CHECK(request.bytes.starts_with("GET /direct HTTP/1.1\r\n"));
        CHECK_FALSE(has(request.bytes, "Proxy-"));
    }
}

TEST_CASE("proxy: none of the environment's", "[http][proxy][security]") {
    forward_proxy proxy;
    tcp_server server(script().expect_request().send(ok).repeat());
    struct variables {
        explicit variables(const std::string& url) {
            for (const char* name : names)
                ::setenv(name, url.c_str(), 1);
            ::setenv("no_proxy", "127.0.0.1", 1);
        }
        ~variables() {
            for (const char* name : names)
                ::unsetenv(name);
            ::unsetenv("no_proxy");
        }
        const std::vector<const char*> names{"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"};
    };
    const variables set(proxy.url());
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.body() == "ok");
    });
    CHECK(proxy.connections() == 0);
    // ... nor does it say where not to use ours
    with_client(through(proxy.url()), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.body() == "ok");
    });
    CHECK(proxy.connections() == 1);
}

TEST_CASE(
    "proxy: the guard judges the proxy, and hosts that are addresses", "[http][proxy][guard][security]"
) {
    forward_proxy proxy;
    tcp_server server(script().expect_request().send(ok).repeat());
    const auto guard = http::address_guard::public_only();
    with_client(through(proxy.url()).guard(guard), [&](http::client& http) -> awaitable<> {
        auto r = co_await http.get("http://example.org/", nothrow);
        check_failure(r, condition::forbidden, phase::connect, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("the proxy is this machine"));
    });
    CHECK(proxy.connections() == 0);
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop);
        dns.set("proxy.test", dns_reply().address("127.0.0.2", 300).address("127.0.0.1", 300));
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()));
        auto some = http::address_guard::public_only();
        some.allow("127.0.0.1");
        auto options = through(named("http", "proxy.test", proxy.port())).guard(some).resolve_with(names);
        http::client http(loop, options);
        auto page = co_await http.get(named("http", "a.test", server.port()));
        CHECK(page.body() == "ok");
        for (const std::string host :
             {"10.0.0.1", "0xa.1", "10.1.", "[::1]", "[::ffff:10.0.0.1]", "127.0.0.2", "169.254.169.254"}) {
            INFO(host);
            auto r = co_await http.get("http://" + host + "/", nothrow);
            check_failure(r, condition::forbidden, phase::connect, "", outcome::not_sent);
        }
        co_await http.close();
    });
    CHECK(proxy.asked().size() == 1);
    auto own = http::address_guard::public_only();
    own.allow("127.0.0.2");
    const auto local = through(named("http", "127.0.0.2", proxy.port())).guard(own);
    with_client(local, [&](http::client& http) -> awaitable<> {
        for (const std::string host : {"localhost", "a.localhost.", "127.1.", "LOCALHOST"}) {
            INFO(host);
            auto r = co_await http.get("http://" + host + "/", nothrow);
            check_failure(r, condition::forbidden, phase::connect, "", outcome::not_sent);
        }
    });
    CHECK(proxy.asked().size() == 1);
}

TEST_CASE("proxy: a redirect to a forbidden host is not passed on", "[http][proxy][guard][security]") {
    forward_proxy proxy;
    tcp_server server(script().expect_request().send(moved_to("http://10.0.0.1/")).repeat());
    auto guard = http::address_guard::public_only();
    guard.allow("127.0.0.1");
    with_client(through(proxy.url()).guard(guard), [&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(named("http", "a.test", server.port()), nothrow);
        REQUIRE(r.has_error());
        CHECK(r.error() == condition::forbidden);
        CHECK_THAT(r.error().message(), containing("a private address"));
    });
    CHECK(proxy.asked().size() == 1);
}

TEST_CASE("proxy: what must not be said to a server", "[http][proxy][security]") {
    with_client(through("http://127.0.0.1:1"), [&](http::client& http) -> awaitable<> {
        const auto options = http::request_options().header("proxy-authorization", "Basic s3cret");
        auto r = co_await http.get("http://a.test/", options, nothrow);
        check_failure(r, condition::argument, phase::none, "", outcome::not_sent);
        CHECK_FALSE(has(r.error().message(), "s3cret"));
    });
    boost::asio::io_context loop(1);
    auto options = through("http://127.0.0.1:1").header("Proxy-Authorization", "Basic s3cret");
    CHECK_THROWS_AS(http::client(loop.get_executor(), options), error);
}

TEST_CASE("proxy: cancelled in the tunnel's making", "[http][proxy][cancel]") {
    forward_proxy silent(forward_proxy_options().silent());
    with_client(through(silent.url()), [&](http::client& http) -> awaitable<> {
        result<http::response> answer = failure(errc::closed);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            boost::asio::cancellation_signal signal;
            auto token = boost::asio::bind_cancellation_slot(signal.slot(), nothrow);
            auto request = tasks.spawn(http.get("https://a.test/", token));
            while (silent.asked().empty())
                co_await sleep_for(1ms);
            signal.emit(boost::asio::cancellation_type::terminal);
            answer = co_await request.get();
        });
        check_failure(answer, condition::cancelled, phase::connect, "", outcome::not_sent);
    });
}
