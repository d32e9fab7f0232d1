#include "tests/integration/http/checks.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string busy(const std::string& more = {}) {
    return "HTTP/1.1 503 Busy\r\n" + more + "Content-Length: 4\r\n\r\nbusy";
}

retry_policy quickly(int attempts = 3) {
    return retry_policy().attempts(attempts).backoff(1ms, 2ms);
}

// The n-th connection, counted from 0, answers; those before it are reset when they have asked.
tcp_server resets_until(std::size_t n) {
    return tcp_server([n](std::size_t which) {
        return which < n ? script().expect_request().reset() : script().expect_request().send(ok).repeat();
    });
}

} // namespace

TEST_CASE("retry: nothing is tried again unless it was asked for", "[http][retry]") {
    auto server = resets_until(1);
    with_client([&](http::client& http) -> awaitable<> {
        auto lost = co_await http.get(server.url(), nothrow);
        CHECK(lost.error() == condition::network);
        CHECK(http.stats().retried == 0);
    });
}

TEST_CASE("retry: a GET that was lost goes out again", "[http][retry]") {
    auto server = resets_until(2);
    with_client(http::client_options().retry(quickly()), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.body() == "ok");
        CHECK(http.stats().retried == 2);
        CHECK(http.stats().completed == 1);
        CHECK(http.stats().failed == 0);
    });
    CHECK(server.connections() == 3);
}

TEST_CASE("retry: the last failure is told, and after how many attempts", "[http][retry]") {
    auto server = resets_until(100);
    with_client([&](http::client& http) -> awaitable<> {
        auto lost = co_await http.get(server.url(), http::request_options().retry(quickly(4)), nothrow);
        REQUIRE(lost.has_error());
        CHECK(lost.error() == condition::network);
        CHECK(lost.error().outcome() == outcome::in_doubt);
        CHECK_THAT(lost.error().message(), containing("after 4 attempts"));
    });
    CHECK(server.connections() == 4);
}

TEST_CASE("retry: a POST only if nothing of it was sent", "[http][retry]") {
    auto server = resets_until(1);
    const refused_port nobody;
    with_client(http::client_options().retry(quickly()), [&](http::client& http) -> awaitable<> {
        auto lost = co_await http.post(server.url(), "x", nothrow);
        CHECK(lost.error().outcome() == outcome::in_doubt);
        CHECK(http.stats().retried == 0);
        auto refused =
            co_await http.post("http://127.0.0.1:" + std::to_string(nobody.port()) + "/", "x", nothrow);
        CHECK(refused.error().outcome() == outcome::not_sent);
        CHECK(http.stats().retried == 2);
        // Unless its sender says that twice is as good as once
        auto page =
            co_await http.post(server.url(), "x", http::request_options().retry(quickly().idempotent()));
        CHECK(page.body() == "ok");
    });
}

TEST_CASE("retry: a server that is busy is asked again when it wants to be", "[http][retry]") {
    tcp_server server(script()
                          .expect_request()
                          .send(busy("Retry-After: 1\r\n"))
                          .expect_request()
                          .send(busy())
                          .expect_request()
                          .send(ok));
    with_client(http::client_options().retry(quickly()), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.body() == "ok");
        const auto asked = server.requests();
        REQUIRE(asked.size() == 3);
        CHECK(asked[1].at - asked[0].at >= 1s);
        CHECK(server.connections() == 1);
    });
}

TEST_CASE("retry: a wait beyond the limits is not begun, and the answer is given", "[http][retry]") {
    tcp_server server(script().expect_request().send(busy("Retry-After: 3600\r\n")).repeat());
    with_client(http::client_options().retry(quickly()), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.status() == 503);
        CHECK(page.body() == "busy");
        page = co_await http.post(server.url(), "x");
        CHECK(page.status() == 503);
    });
    CHECK(server.requests().size() == 2);
}

TEST_CASE("retry: total_timeout runs through all attempts", "[http][retry]") {
    tcp_server server(script().expect_request().send(busy()).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        auto often = retry_policy().attempts(1'000).backoff(20ms, 20ms);
        auto options = http::request_options().retry(often).total_timeout(200ms);
        auto page = co_await http.get(server.url(), options, nothrow);
        CHECK((page.has_value() ? page->status() == 503 : page.error() == condition::timeout));
    });
}

TEST_CASE("retry: a limit of a phase may be met again", "[http][retry]") {
    tcp_server server([](std::size_t n) {
        return n == 0 ? script().expect_request().hang() : script().expect_request().send(ok).repeat();
    });
    with_client([&](http::client& http) -> awaitable<> {
        auto options = http::request_options().retry(quickly()).first_byte_timeout(50ms);
        auto page = co_await http.get(server.url(), options);
        CHECK(page.body() == "ok");
    });
}

TEST_CASE(
    "retry: what waits for its next attempt is cancelled at once, and takes nobody's place", "[http][retry]"
) {
    tcp_server server(
        script().expect_request().send(busy("Retry-After: 30\r\n")).expect_request().send(ok).repeat()
    );
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(http.get(server.url(), http::request_options().retry(quickly())));
            while (http.stats().retried == 0)
                co_await sleep_for(1ms);
            CHECK(http.stats().in_flight == 0);
            auto other = co_await http.get(server.url());
            CHECK(other.body() == "ok");
            waits.cancel();
            const auto why = co_await caught(waits.get());
            CHECK(failure_of(why) == condition::cancelled);
        });
    });
}

TEST_CASE("retry: a client's budget keeps the storm small", "[http][retry]") {
    tcp_server server(script().expect_request().send(busy()).repeat());
    auto options = http::client_options().retry(quickly(5)).max_retries_saved(3);
    with_client(options, [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 40; ++i) {
            auto page = co_await http.get(server.url());
            CHECK(page.status() == 503);
        }
        CHECK(http.stats().retried >= 3);
        CHECK(http.stats().retried <= 3 + 4);
    });
}

TEST_CASE("retry: a file is begun anew only if nothing of it was written", "[http][retry][download]") {
    temp_dir dir;
    tcp_server early([](std::size_t n) {
        return n == 0 ? script().expect_request().send(busy()) : script().expect_request().send(ok).repeat();
    });
    tcp_server late([](std::size_t n) {
        return n == 0 ? script()
                            .expect_request()
                            .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                            .reset()
                      : script().expect_request().send(ok).repeat();
    });
    with_client(http::client_options().retry(quickly()), [&](http::client& http) -> awaitable<> {
        co_await http.download(early.url(), (dir / "early").string());
        auto lost = co_await http.download(late.url(), (dir / "late").string(), nothrow);
        CHECK(lost.error() == condition::network);
    });
    CHECK(read_file(dir / "early") == "ok");
    CHECK_FALSE(std::filesystem::exists(dir / "late"));
}

TEST_CASE("retry: a look-up that was given up does not end the next attempt", "[http][retry]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop);
        dns.set(
            "late.test", dns_reply().address("127.0.0.1", 300).ignore(1)
        ); // asked again after half a second
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()).timeout(5s));
        http::client http(loop, http::client_options().resolve_with(names).connect_timeout(50ms));
        const std::string url = "http://late.test:" + std::to_string(server.port()) + "/";
        auto page = co_await http.get(url, http::request_options().retry(quickly(10'000)));
        CHECK(page.body() == "ok");
        CHECK(http.stats().retried > 0);
        co_await http.close();
    });
}

TEST_CASE("retry: who waited in the queue in vain is not queued again", "[http][retry]") {
    tcp_server silent(script().expect_request().hang());
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto first = tasks.spawn(http.get(silent.url()));
            while (silent.requests().empty())
                co_await sleep_for(1ms);
            auto patient = http::request_options().queue_timeout(20ms).retry(quickly());
            auto late = co_await http.get(silent.url(), patient, nothrow);
            check_failure(late, condition::timeout, phase::queue, "queue_timeout 20 ms", outcome::not_sent);
            CHECK(http.stats().retried == 0);
            first.cancel();
        });
    });
}
