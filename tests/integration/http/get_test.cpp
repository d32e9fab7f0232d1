#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <ranges>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("get: status, headers, body, address", "[http][get]") {
    nginx server;
    const std::string text(100'000, 'x');
    server.serve("page.html", text);
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/page.html#part"));
        CHECK(page.status() == 200);
        CHECK(page.ok());
        CHECK(page.body() == text);
        CHECK(page.body_size() == text.size());
        CHECK(page.headers().get("content-length") == "100000");
        CHECK(page.url() == server.url("/page.html"));
        CHECK(page.peer_address() == "127.0.0.1");
    });
}

TEST_CASE("get: a 404 is a response, and an error only for who asks", "[http][get]") {
    nginx server;
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/status/404"));
        CHECK(page.status() == 404);
        CHECK_FALSE(page.ok());
        std::string why;
        try {
            page.throw_for_status();
        } catch (const error& e) {
            why = e.what();
            CHECK(e.code() == condition::server);
            CHECK(e.code().value() == 404);
            CHECK(e.outcome() == outcome::answered);
        }
        CHECK_THAT(why, containing("GET http"));
        CHECK_THAT(why, containing("404"));
        auto posted = co_await http.post(server.url("/status/404"), "body");
        CHECK_THROWS_WITH(posted.throw_for_status(), containing("POST http"));
    });
}

TEST_CASE("get: the request's own header fields, and none that are two", "[http][get]") {
    tcp_server server(http_answers("ok"));
    with_client([&](http::client& http) -> awaitable<> {
        http::request_options options;
        options.header("Accept", "text/html").header("X-Empty", "");
        auto page = co_await http.get(server.url(), options);
        CHECK(page.body() == "ok");
        options.header("X-Bad", "a\r\nX-Injected: yes");
        auto refused = co_await http.get(server.url(), options, nothrow);
        check_failure(refused, condition::argument, phase::none, "", outcome::not_sent);
        // The next request on the same handle has none of them
        auto plain = co_await http.get(server.url());
        CHECK(plain.body() == "ok");
    });
    const auto seen = server.requests();
    REQUIRE(seen.size() == 2);
    CHECK_THAT(seen[0].bytes, containing("\r\nAccept: text/html\r\n"));
    CHECK_THAT(seen[0].bytes, containing("\r\nX-Empty:\r\n"));
    CHECK_THAT(seen[0].bytes, containing("\r\nUser-Agent: oneloop/"));
    CHECK_THAT(seen[1].bytes, !containing("X-Empty"));
    CHECK_THAT(seen[1].bytes, containing("\r\nAccept: */*\r\n"));
}

TEST_CASE("get: three downloads are seen by the server at the same time", "[http][get]") {
    // Each answer waits until three requests are there: one after the other, the first would never be
    // answered
    tcp_server server(
        script().expect_request().wait_for_requests(3).send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    );
    with_client([&](http::client& http) -> awaitable<> {
        auto [a, b, c] =
            co_await gather(http.get(server.url()), http.get(server.url()), http.get(server.url()));
        CHECK(a.body() + b.body() + c.body() == "okokok");
    });
    CHECK(server.most_requests_at_once() == 3);
}

TEST_CASE("get: three slow files of nginx overlap", "[http][get]") {
    nginx server(nginx_options().slow_rate(100'000));
    server.serve("slow/image.png", std::string(150'000, 'i')); // the first second's worth comes at once
    with_client([&](http::client& http) -> awaitable<> {
        auto fetch = [&](int) { return http.get(server.url("/slow/image.png")); };
        auto images = co_await gather(std::views::iota(0, 3) | std::views::transform(fetch));
        for (const auto& image : images)
            CHECK(image.body_size() == 150'000);
    });
    CHECK(most_at_once(server.requests(3)) == 3);
}

TEST_CASE("get: a bound per host and one in total, the others wait", "[http][queue]") {
    nginx server(nginx_options().slow_rate(400'000));
    server.serve("slow/part", std::string(440'000, 'p'));
    const auto most = [&](http::client_options options, std::size_t before) {
        with_client(options, [&](http::client& http) -> awaitable<> {
            auto fetch = [&](int) { return http.get(server.url("/slow/part")); };
            auto parts = co_await gather(std::views::iota(0, 6) | std::views::transform(fetch));
            CHECK(parts.size() == 6);
            CHECK(http.stats().completed == 6);
            CHECK(http.stats().in_flight == 0);
        });
        auto seen = server.requests(before + 6);
        seen.erase(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(before));
        return most_at_once(seen);
    };
    CHECK(most(http::client_options().max_in_flight_per_host(2), 0) <= 2);
    CHECK(most(http::client_options().max_in_flight(3), 6) <= 3);
}

TEST_CASE("get: many at once to one host, whose connections serve the next as many", "[http][queue]") {
    constexpr int many = 150; // more than one lane of connections has
    nginx server;
    server.serve("page", "p");
    auto options = http::client_options().max_in_flight(192).max_in_flight_per_host(192);
    with_client(options, [&](http::client& http) -> awaitable<> {
        for (const bool again : {false, true}) {
            auto fetch = [&](int) { return http.get(server.url("/page")); };
            auto pages = co_await gather(std::views::iota(0, many) | std::views::transform(fetch));
            REQUIRE(pages.size() == std::size_t(many));
            for (const auto& page : pages) {
                CHECK(page.body() == "p");
                CHECK(page.reused_connection() == again);
            }
        }
        co_await http.close();
    });
}

TEST_CASE("get: of many at once some are cancelled before their turn, the others come", "[http][cancel]") {
    constexpr int many = 300;
    nginx server;
    server.serve("page", "p");
    auto options = http::client_options().max_in_flight(120).max_in_flight_per_host(120);
    with_client(options, [&](http::client& http) -> awaitable<> {
        auto fetch = [&](int i) -> awaitable<bool> {
            const bool at_once = i % 2 == 1;
            const std::chrono::milliseconds limit(at_once ? 0 : 20'000);
            auto page = co_await timeout(limit, http.get(server.url("/page"), nothrow));
            CHECK((at_once || page));
            co_return page.has_value();
        };
        for (int round = 0; round < 3; ++round) {
            auto came = co_await gather(std::views::iota(0, many) | std::views::transform(fetch));
            CHECK(std::ranges::count(came, true) >= many / 2);
        }
        CHECK(http.stats().in_flight == 0);
        co_await http.close();
    });
}

TEST_CASE("get: a full queue refuses at once, and what waits too long gives up", "[http][queue]") {
    tcp_server server(script().expect_request().hang());
    auto options =
        http::client_options().max_in_flight(1).max_queued(1).queue_timeout(100ms).total_timeout(1s);
    with_client(options, [&](http::client& http) -> awaitable<> {
        auto fetch = [&](int) { return http.get(server.url(), nothrow); };
        auto answers = co_await gather(std::views::iota(0, 3) | std::views::transform(fetch));
        check_failure(
            answers[0], condition::timeout, phase::first_byte, "total_timeout 1 s", outcome::in_doubt
        );
        check_failure(
            answers[1], condition::timeout, phase::queue, "queue_timeout 100 ms", outcome::not_sent
        );
        check_failure(answers[2], condition::limit, phase::queue, "max_queued 1", outcome::not_sent);
    });
}

TEST_CASE("get: one connection serves one request after another", "[http][get]") {
    tcp_server server(http_answers("again"));
    with_client([&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 20; ++i) {
            auto page = co_await http.get(server.url());
            CHECK(page.body() == "again");
        }
    });
    CHECK(server.connections() == 1);
    CHECK(server.requests().size() == 20);
}

TEST_CASE("get: with a callback, with a future from another thread, deferred", "[http][token]") {
    tcp_server server(http_answers("hello"));
    boost::asio::io_context loop(1);
    http::client http(loop.get_executor());
    int called = 0;
    http.get(server.url(), [&](error_code code, http::response page) {
        ++called;
        CHECK_FALSE(code);
        CHECK(page.body() == "hello");
    });
    CHECK(called == 0); // never inside the initiating call
    http.get("nonsense", [&](error_code code, http::response) {
        ++called;
        CHECK(code == condition::argument);
    });
    CHECK(called == 0);
    run_watched(loop); // ends by itself: an idle client is no work
    CHECK(called == 2);

    loop.restart();
    auto work = boost::asio::make_work_guard(loop);
    std::string body;
    std::thread other([&] {
        body = http.get(server.url(), boost::asio::use_future).get().body();
        work.reset();
    });
    run_watched(loop);
    other.join();
    CHECK(body == "hello");
}

TEST_CASE("get: what one would naturally write in a co_await", "[http][natural]") {
    // g++ 12 destroys some temporaries of such expressions twice; none of ours may be among them
    tcp_server server(http_answers(std::string(1000, 'n')));
    with_client([&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 20; ++i) {
            auto options = http::request_options().header("X-Long", std::string(100, 'x'));
            const std::size_t size = (co_await http.get(server.url(), options)).body().size();
            CHECK(size == 1000);
            auto page = co_await http.get(
                server.url(),
                http::request_options{}.header("X-Long", std::string(100, 'x')).total_timeout(5s)
            );
            CHECK(page.ok());
            if (auto r = co_await http.get(server.url(), http::request_options{}, nothrow); r)
                CHECK(r->body().size() == 1000);
            std::size_t fields = 0;
            for (const auto& [name, value] : (co_await http.get(server.url())).headers())
                fields += !name.empty() && !value.empty();
            CHECK(fields == 1);
            auto late = co_await timeout(5s, http.get(server.url() + std::string(100, 'p'), nothrow));
            CHECK(late);
            const std::string body = (co_await http.get(server.url())).body();
            CHECK(body.size() == 1000);
            auto pages = co_await gather(std::vector<int>(3, 1) | std::views::transform([&](int) {
                                             return http.get(server.url());
                                         }));
            CHECK(pages.size() == 3);
            auto [a, b] = co_await gather(http.get(server.url()), http.get(server.url(), nothrow));
            CHECK(a.body() == b->body());
        }
    });
}

TEST_CASE("get: a User-Agent with a line break is refused", "[http][get]") {
    boost::asio::io_context loop(1);
    CHECK_THROWS_AS(
        http::client(loop.get_executor(), http::client_options().user_agent("x\r\nX-Evil: 1")), error
    );
    CHECK_THROWS_AS(
        http::client(loop.get_executor(), http::client_options().trust_file(std::string("a\0b", 3))), error
    );
}

TEST_CASE("get: deferred, and started when the client is gone", "[http][token]") {
    run_test([]() -> awaitable<> {
        auto client = std::make_unique<http::client>(co_await this_coro::executor);
        auto later = client->get("http://127.0.0.1:1/", nothrow);
        client.reset();
        auto answer = co_await std::move(later);
        check_failure(answer, condition::closed, phase::queue, "", outcome::not_sent);
    });
}

TEST_CASE("get: user name and password of the URL are sent, and never shown", "[http][get]") {
    tcp_server server(http_answers("in"));
    const std::string url = "http://user:s3cret@127.0.0.1:" + std::to_string(server.port()) + "/";
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(url);
        CHECK(page.url() == server.url());
        auto plain = co_await http.get(server.url());
        CHECK(plain.ok());
    });
    const auto seen = server.requests();
    REQUIRE(seen.size() == 2);
    CHECK_THAT(seen[0].bytes, containing("Authorization: Basic dXNlcjpzM2NyZXQ=\r\n"));
    CHECK_THAT(seen[1].bytes, !containing("Authorization")); // the handle has forgotten it
}

TEST_CASE("get: a field that goes on in the next line, an interim answer, trailers", "[http][get]") {
    tcp_server server(script().expect_request().send(
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        "HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        "4\r\nbody\r\n0\r\nX-Sum: 4711\r\n\r\n"
    ));
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.status() == 200);
        CHECK(page.body() == "body");
        CHECK_FALSE(page.headers().contains("Link"));
        CHECK(page.headers().get("x-long") == "one two");
        CHECK(page.headers().get("x-sum") == "4711");
    });
}

TEST_CASE("get: the body has a limit", "[http][limit]") {
    tcp_server server(http_answers(std::string(10'000, 'b')));
    with_client(http::client_options().max_body(9'999), [&](http::client& http) -> awaitable<> {
        auto big = co_await http.get(server.url(), nothrow);
        check_failure(big, condition::limit, phase::receive, "max_body", outcome::answered);
        auto allowed = co_await http.get(server.url(), http::request_options{}.max_body(10'000));
        CHECK(allowed.body_size() == 10'000);
    });
}
