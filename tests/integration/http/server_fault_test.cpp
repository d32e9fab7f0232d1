#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"

#include <csignal>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this";

// Waits until the answer has begun, so that the fault meets it in mid-body.
awaitable<> until_seen(const std::function<bool()>& seen) {
    while (!seen())
        co_await sleep_for(1ms);
}

} // namespace

TEST_CASE("fault: nginx stopped with SIGSTOP", "[http][fault]") {
    nginx server;
    server.serve("page", "text");
    auto options = http::client_options().first_byte_timeout(200ms).connect_timeout(200ms);
    with_working_client(options, [&](http::client& http) -> awaitable<> {
        auto before = co_await http.get(server.url("/page"));
        CHECK(before.body() == "text");
        server.signal(SIGSTOP);
        auto stopped = co_await http.get(server.url("/page"), nothrow);
        check_failure(
            stopped, condition::timeout, phase::first_byte, "first_byte_timeout 200 ms", outcome::in_doubt
        );
        server.signal(SIGCONT);
        auto after = co_await http.get(server.url("/page"));
        CHECK(after.body() == "text");
    });
}

TEST_CASE("fault: nginx killed in mid-body", "[http][fault]") {
    nginx server(nginx_options().slow_rate(100'000));
    server.serve("slow/big", std::string(10'000'000, 'b'));
    with_working_client([&](http::client& http) -> awaitable<> {
        result<http::response> r = failure(errc::closed);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto got = tasks.spawn(http.get(server.url("/slow/big"), nothrow));
            co_await sleep_for(300ms); // the first second's worth comes at once, the rest takes 99 s
            server.signal(SIGKILL);
            r = co_await got.get();
        });
        check_failure(r, condition::network, phase::receive, "", outcome::answered);
    });
}

TEST_CASE("fault: the server closes in mid-body", "[http][fault]") {
    tcp_server server(script().expect_request().send(half));
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), nothrow);
        check_failure(r, condition::network, phase::receive, "", outcome::answered);
    });
}

TEST_CASE("fault: the server resets in mid-body", "[http][fault]") {
    tcp_server server(script().expect_request().send(half).reset());
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), nothrow);
        REQUIRE_FALSE(r);
        CHECK(r.error() == condition::network);
        CHECK(r.error().outcome() != outcome::not_sent);
    });
}

TEST_CASE("fault: the server closes without a word", "[http][fault]") {
    tcp_server server(script().expect_request());
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), nothrow);
        check_failure(r, condition::network, phase::first_byte, "", outcome::in_doubt);
    });
}

TEST_CASE("fault: the server says nothing", "[http][fault]") {
    tcp_server server(script().expect_request().hang());
    with_working_client(
        http::client_options().first_byte_timeout(100ms),
        [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(server.url(), nothrow);
            check_failure(
                r, condition::timeout, phase::first_byte, "first_byte_timeout 100 ms", outcome::in_doubt
            );
        }
    );
}

TEST_CASE("fault: the body stalls", "[http][fault]") {
    tcp_server server(script().expect_request().send(half).hang());
    with_working_client(http::client_options().stall_timeout(100ms), [&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), nothrow);
        check_failure(r, condition::timeout, phase::receive, "stall_timeout 100 ms", outcome::answered);
    });
}

TEST_CASE("fault: a body that drips is met by the total limit", "[http][fault]") {
    tcp_server server(script().expect_request().send(half).send_slowly(std::string(900, '.')).hang());
    auto options = http::client_options().stall_timeout(5s).total_timeout(300ms);
    with_working_client(options, [&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), nothrow);
        check_failure(r, condition::timeout, phase::receive, "total_timeout 300 ms", outcome::answered);
    });
}

TEST_CASE("fault: the answer in pieces of one byte is whole all the same", "[http][fault]") {
    tcp_server server(
        script().expect_request().send_slowly("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    );
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.body() == "hello");
    });
}

TEST_CASE("fault: what is no HTTP", "[http][fault]") {
    tcp_server server(script().expect_request().send("220 smtp.example.org ESMTP\r\n").hang());
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), nothrow);
        check_failure(r, condition::protocol, phase::first_byte, "", outcome::in_doubt);
    });
}

TEST_CASE("fault: header fields without end", "[http][fault]") {
    std::string flood = "HTTP/1.1 200 OK\r\n";
    while (flood.size() < 400'000)
        flood += "X-Flood: " + std::string(1000, 'f') + "\r\n";
    tcp_server server(script().expect_request().send(flood).hang());
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), nothrow);
        check_failure(r, condition::limit, phase::receive, "max_headers 256 KiB", outcome::answered);
    });
}

TEST_CASE("fault: a kept connection that the server has closed is replaced", "[http][fault]") {
    // Each connection answers once and closes without having said so
    tcp_server server(script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    with_working_client([&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 10; ++i) {
            auto page = co_await http.get(server.url());
            CHECK(page.body() == "ok");
            co_await until_seen([&] { return server.open_connections() == 0; });
        }
    });
    CHECK(server.connections() == 10);
}

TEST_CASE("fault: junk on an idle connection is no answer to the next request", "[http][fault]") {
    tcp_server server(script()
                          .expect_request()
                          .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmineHTTP/1.1 200 "
                                "OK\r\nContent-Length: 5\r\n\r\nother")
                          .hang());
    with_working_client(
        http::client_options().first_byte_timeout(2s),
        [&](http::client& http) -> awaitable<> {
            for (int i = 0; i < 5; ++i) {
                auto page = co_await http.get(server.url());
                CHECK(page.body() == "mine");
            }
        }
    );
    CHECK(server.connections() == 5);
}

// As a server's 408 does: it lies there before the next request is sent, while the client is busy elsewhere
// or rests.
TEST_CASE("fault: junk that comes later on an idle connection is no answer either", "[http][fault]") {
    const bool rests = GENERATE(false, true);
    const std::string mine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine";
    tcp_server server([&mine](std::size_t connection) {
        if (connection > 0)
            return script().expect_request().send(mine).repeat();
        return script()
            .expect_request()
            .send(mine)
            .wait_for_requests(2)
            .send("HTTP/1.1 408 Late\r\nContent-Length: 5\r\n\r\nother")
            .hang();
    });
    with_working_client([&](http::client& http) -> awaitable<> {
        http::client another(co_await this_coro::executor);
        http::client& meanwhile = rests ? another : http;
        const std::string elsewhere = "http://localhost:" + std::to_string(server.port()) + "/";
        co_await http.get(server.url());
        for (int i = 0; i < 2; ++i) // over a connection of its own; the second comes after the junk
            co_await meanwhile.get(elsewhere);
        auto page = co_await http.get(server.url());
        CHECK(page.status() == 200);
        CHECK(page.body() == "mine");
        CHECK_FALSE(page.reused_connection());
        co_await another.close();
    });
    CHECK(server.connections() == 3);
}
