#include "tests/integration/http/checks.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/dns_server.hpp"
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
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(at(nobody.port()), nothrow);
        check_failure(r, condition::network, phase::connect, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("Connection refused"));
    });
}

TEST_CASE("fault: addresses in whatever spelling are dialled and not looked up", "[http][fault]") {
    tcp_server server(http_answers("found"));
    const std::string port = std::to_string(server.port());
    with_working_client([&](http::client& http) -> awaitable<> {
        for (const std::string host :
             {"127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]"}) {
            auto page = co_await http.get("http://" + host + ":" + port + "/", nothrow);
            INFO(host << ": " << (page ? "" : page.error().message()));
            CHECK(page);
        }
    });
}

TEST_CASE("fault: black hole", "[http][fault]") {
    const black_hole hole;
    with_working_client(
        http::client_options().connect_timeout(200ms),
        [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(at(hole.port()), nothrow);
            check_failure(r, condition::timeout, phase::connect, "connect_timeout 200 ms", outcome::not_sent);
        }
    );
}

TEST_CASE("fault: invalid URL", "[http][fault]") {
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get("http://", nothrow);
        check_failure(r, condition::argument, phase::none, "", outcome::not_sent);
    });
}

TEST_CASE("fault: the first address of a name refuses, the second answers", "[http][fault]") {
    // localhost is ::1 and 127.0.0.1 here, and only the latter listens
    tcp_server server(http_answers("second"));
    with_working_client([&](http::client& http) -> awaitable<> {
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
    with_working_client(options, [&](http::client& http) -> awaitable<> {
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

namespace {

// A client whose names come from a scripted DNS server.
template <class Body>
void with_names(http::client_options options, Body body) {
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        dns_server names(loop);
        auto resolver_here = std::make_shared<resolver>(loop, resolver_options().server(names.address()));
        http::client http(loop, http::client_options(options).resolve_with(std::move(resolver_here)));
        co_await body(http, names);
    });
}

} // namespace

TEST_CASE("fault: unknown host", "[http][fault]") {
    with_names({}, [](http::client& http, dns_server&) -> awaitable<> {
        auto r = co_await http.get("http://no.such.name/", nothrow);
        check_failure(r, condition::resolve, phase::resolve, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("no such host"));
    });
}

TEST_CASE("fault: a DNS server that says nothing", "[http][fault]") {
    with_names(
        http::client_options().connect_timeout(200ms),
        [](http::client& http, dns_server& names) -> awaitable<> {
            names.set("silent.test", dns_reply().silent());
            auto r = co_await http.get("http://silent.test/", nothrow);
            check_failure(r, condition::timeout, phase::resolve, "connect_timeout 200 ms", outcome::not_sent);
        }
    );
}

TEST_CASE(
    "fault: a name's addresses are tried in turn, a black hole for its share of the time", "[http][fault]"
) {
    const black_hole hole; // at 127.0.0.1
    tcp_server server(http_answers("second"), tcp_server_options().at("127.0.0.2", hole.port()));
    with_names(
        http::client_options().connect_timeout(600ms),
        [&](http::client& http, dns_server& names) -> awaitable<> {
            names.set("two.test", dns_reply().address("127.0.0.1", 60).address("127.0.0.2", 60));
            const std::string url = "http://two.test:" + std::to_string(hole.port()) + "/";
            auto page = co_await http.get(url);
            CHECK(page.body() == "second");
            CHECK(page.peer_address() == "127.0.0.2");
            names.set("refused.test", dns_reply().address("127.0.0.3", 60).address("127.0.0.2", 60));
            page = co_await http.get("http://refused.test:" + std::to_string(hole.port()) + "/");
            CHECK(page.peer_address() == "127.0.0.2");
            names.set("none.test", dns_reply().address("127.0.0.1", 60));
            auto r = co_await http.get("http://none.test:" + std::to_string(hole.port()) + "/", nothrow);
            check_failure(r, condition::timeout, phase::connect, "connect_timeout 600 ms", outcome::not_sent);
        }
    );
}

TEST_CASE(
    "fault: one look-up for many requests, and one cancelled does not end it", "[http][fault][cancel]"
) {
    tcp_server server(http_answers("named"));
    with_names({}, [&](http::client& http, dns_server& names) -> awaitable<> {
        names.set("slow.test", dns_reply().address("127.0.0.1", 60).after(100ms));
        const std::string url = "http://slow.test:" + std::to_string(server.port()) + "/";
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto impatient = tasks.spawn(http.get(url, nothrow));
            auto patient = tasks.spawn(http.get(url));
            co_await sleep_for(20ms);
            impatient.cancel();
            auto page = co_await patient.get();
            CHECK(page.body() == "named");
            auto r = co_await impatient.get();
            check_failure(r, condition::cancelled, phase::resolve, "", outcome::not_sent);
        });
        CHECK(names.asked("slow.test") == 1);
    });
}
