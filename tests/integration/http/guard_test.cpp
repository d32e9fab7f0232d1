#include "tests/integration/http/checks.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/tcp_server.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

http::client_options guarded(const std::string& allowed = {}) {
    auto guard = http::address_guard::public_only();
    if (!allowed.empty())
        guard.allow(allowed);
    return http::client_options().guard(guard);
}

} // namespace

TEST_CASE("guard: every spelling of this machine is refused", "[http][guard][security]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    const std::string port = ":" + std::to_string(server.port()) + "/";
    with_client(guarded(), [&](http::client& http) -> awaitable<> {
        for (const std::string host :
             {"127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0x7f000001", "[::ffff:127.0.0.1]",
              "[::ffff:7f00:1]", "[::1]", "0", "0.0.0.0", "localhost", "LOCALHOST.", "a.localhost", "[::]",
              "169.254.169.254"}) {
            INFO(host);
            auto refused = co_await http.get("http://" + host + port, nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == condition::forbidden);
            CHECK(refused.error().outcome() == outcome::not_sent);
            CHECK_THAT(refused.error().message(), containing("address guard"));
        }
        // Whoever can make an address of these gets no further with them
        for (const std::string host : {"127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1"}) {
            auto refused = co_await http.get("http://" + host + port, nothrow);
            CHECK(refused.has_error());
        }
    });
    CHECK(server.connections() == 0);
}

TEST_CASE("guard: a redirect does not get past it", "[http][guard][security]") {
    tcp_server inner(script().expect_request().send(ok).repeat(), tcp_server_options().at("127.0.0.2", 0));
    tcp_server outer(script().expect_request().send(
        "HTTP/1.1 302 Found\r\nLocation: " + inner.url() + "\r\nContent-Length: 0\r\n\r\n"
    ));
    with_client(guarded("127.0.0.1"), [&](http::client& http) -> awaitable<> {
        auto refused = co_await http.get(outer.url(), nothrow);
        REQUIRE(refused.has_error());
        CHECK(refused.error() == condition::forbidden);
        CHECK_THAT(refused.error().message(), containing("this machine"));
    });
    CHECK(outer.connections() == 1);
    CHECK(inner.connections() == 0);
}

TEST_CASE(
    "guard: no server leads a program to its cloud's metadata, nor to its files", "[http][guard][security]"
) {
    const auto where = GENERATE(values<std::string>(
        {"http://169.254.169.254/latest/meta-data/", "http://[::ffff:a9fe:a9fe]/", "http://2852039166/",
         "http://[fd00:ec2::254]/", "file:///etc/passwd", "ftp://127.0.0.1/x"}
    ));
    tcp_server outer(script().expect_request().send(
        "HTTP/1.1 302 Found\r\nLocation: " + where + "\r\nContent-Length: 0\r\n\r\n"
    ));
    with_working_client(guarded("127.0.0.1"), [&](http::client& http) -> awaitable<> {
        auto refused = co_await http.get(outer.url(), nothrow);
        REQUIRE(refused.has_error());
        INFO(refused.error().message());
        CHECK(refused.error() == (where.starts_with("http:") ? condition::forbidden : condition::protocol));
        CHECK(refused.error().outcome() != outcome::not_sent); // the first server was asked
    });
}

TEST_CASE("guard: a name is judged by its addresses, each time", "[http][guard][security]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop);
        dns.set("both.test", dns_reply().address("10.0.0.1", 300).address("127.0.0.1", 300));
        dns.set("inner.test", dns_reply().address("10.0.0.1", 300));
        dns.set("changes.test", dns_reply().address("127.0.0.1", 0));
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()));
        http::client http(loop, guarded("127.0.0.1").resolve_with(names));
        const std::string port = ":" + std::to_string(server.port()) + "/";
        auto page = co_await http.get("http://both.test" + port);
        CHECK(page.peer_address() == "127.0.0.1");
        auto refused = co_await http.get("http://inner.test" + port, nothrow);
        REQUIRE(refused.has_error());
        CHECK(refused.error() == condition::forbidden);
        page = co_await http.get("http://changes.test" + port);
        CHECK(page.body() == "ok");
        dns.set("changes.test", dns_reply().address("169.254.169.254", 0));
        refused = co_await http.get("http://changes.test" + port, nothrow);
        CHECK(refused.error() == condition::forbidden);
        co_await http.close();
    });
}
