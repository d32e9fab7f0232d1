#include "tests/integration/http/checks.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/tcp_server.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {
std::string at(std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port) + "/";
}
} // namespace

TEST_CASE("fault: refused connection", "[http][fault]") {
    const refused_port nobody;
    with_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(at(nobody.port()), nothrow);
        check_failure(r, condition::network, phase::connect, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("Connection refused"));
    });
}

TEST_CASE("fault: black hole", "[http][fault]") {
    const black_hole hole;
    with_client(http::client_options().connect_timeout(200ms), [&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(at(hole.port()), nothrow);
        check_failure(r, condition::timeout, phase::connect, "connect_timeout 200 ms", outcome::not_sent);
    });
}

TEST_CASE("fault: invalid URL", "[http][fault]") {
    with_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get("http://", nothrow);
        check_failure(r, condition::argument, phase::none, "", outcome::not_sent);
    });
}

TEST_CASE("fault: the first address of a name refuses, the second answers", "[http][fault]") {
    // localhost is ::1 and 127.0.0.1 here, and only the latter listens
    tcp_server server(http_answers("second"));
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get("http://localhost:" + std::to_string(server.port()) + "/");
        CHECK(page.body() == "second");
        CHECK(page.peer_address() == "127.0.0.1");
    });
}

TEST_CASE("fault: after any of them the client goes on working", "[http][fault]") {
    const refused_port nobody;
    const black_hole hole;
    tcp_server server(http_answers("fine"));
    auto options = http::client_options().connect_timeout(100ms).max_in_flight(1);
    with_client(options, [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 5; ++i) {
            auto refused = co_await http.get(at(nobody.port()), nothrow);
            CHECK_FALSE(refused);
            auto late = co_await http.get(at(hole.port()), nothrow);
            CHECK_FALSE(late);
            auto page = co_await http.get(server.url());
            CHECK(page.body() == "fine");
        }
        CHECK(http.stats().failed == 10);
    });
}
