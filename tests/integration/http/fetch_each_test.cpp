#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/step_cancel.hpp"
#include "tests/support/tcp_server.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <stdexcept>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

awaitable<> numbered(yield<std::string>& out, std::string base, int count) {
    for (int i = 0; i < count; ++i)
        co_await out(base + std::to_string(i));
}

awaitable<> breaks(yield<std::string>& out, std::string url) {
    co_await out(url);
    throw std::runtime_error("the list tore");
}

// Says when it is destroyed, by the count of those who share the token.
awaitable<> endless(yield<std::string>& out, std::string url, std::shared_ptr<int> asked) {
    while (true) {
        ++*asked;
        co_await out(url);
    }
}

} // namespace

TEST_CASE("fetch_each: all answers, so many at once, a failure for itself", "[http][fetch_each]") {
    nginx server;
    server.serve("page", "page");
    tcp_server resets(script().expect_request().reset());
    with_client([&](http::client& http) -> awaitable<> {
        std::vector<std::string> urls(20, server.url("/page"));
        urls[3] = server.url("/status/404");
        urls[7] = resets.url();
        urls[11] = "no url";
        std::set<std::size_t> seen;
        auto pages = http.fetch_each(urls, 4);
        CHECK(http.stats().in_flight == 0);
        while (auto page = co_await pages.next()) {
            seen.insert(page->index());
            CHECK(page->url() == urls[page->index()]);
            if (page->index() == 7 || page->index() == 11) {
                REQUIRE_FALSE(page->ok());
                CHECK(page->error() == (page->index() == 7 ? condition::network : condition::argument));
                CHECK_THROWS_AS(page->value(), error);
            } else {
                REQUIRE(page->ok());
                CHECK(page->value().status() == (page->index() == 3 ? 404 : 200));
            }
            CHECK(http.stats().in_flight + http.stats().queued <= 4);
        }
        CHECK(seen.size() == 20);
        auto end = co_await pages.next();
        CHECK_FALSE(end);
        auto none = http.fetch_each(std::vector<std::string>(), 4);
        auto nothing = co_await none.next();
        CHECK_FALSE(nothing);
    });
    CHECK(most_at_once(server.requests(18)) <= 4);
}

TEST_CASE(
    "fetch_each: in the order in which they come, and no faster than they are taken", "[http][fetch_each]"
) {
    tcp_server server([](std::size_t n) {
        if (n == 0)
            return script().expect_request().wait_for_requests(3).send(ok);
        return script().expect_request().send(ok).repeat();
    });
    with_client([&](http::client& http) -> awaitable<> {
        int asked = 0;
        auto url = [&](int i) { return ++asked, server.url("/" + std::to_string(i)); };
        auto pages = http.fetch_each(std::views::iota(0, 1'000'000) | std::views::transform(url), 2);
        auto first = co_await pages.next();
        CHECK(first->index() == 1);
        while (http.stats().in_flight > 1)
            co_await sleep_for(1ms);
        CHECK(asked == 2);
        for (int i = 0; i < 50; ++i)
            co_await pages.next();
        CHECK(asked <= 53);
    });
}

TEST_CASE("fetch_each: what the end of the scope finds under way is cancelled", "[http][fetch_each]") {
    tcp_server server(script().expect_request().hang());
    with_client(http::client_options().max_in_flight_per_host(2), [&](http::client& http) -> awaitable<> {
        {
            auto pages = http.fetch_each(std::vector<std::string>(10, server.url()), 3);
            bool late = false;
            try {
                co_await timeout(20ms, pages.next());
            } catch (const error& e) {
                late = e.failure() == condition::timeout;
            }
            CHECK(late);
            CHECK(http.stats().in_flight == 2);
            CHECK(http.stats().queued == 1);
        }
        CHECK(http.stats().in_flight == 0);
        CHECK(http.stats().queued == 0);
        while (server.open_connections() > 0)
            co_await sleep_for(1ms);
    });
}

TEST_CASE("fetch_each: requests, options, and a second question", "[http][fetch_each]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        std::vector<http::request> requests;
        requests.push_back(http::request("DELETE", server.url("/a")).header("X-Own", "1"));
        auto options = http::request_options().header("X-All", "1");
        auto own = http.fetch_each(std::move(requests), 1, options);
        auto deleted = co_await own.next();
        CHECK(deleted->value().body() == "ok");
        CHECK_THAT(server.requests().back().bytes, containing("DELETE /a"));
        CHECK_THAT(server.requests().back().bytes, !containing("X-All"));

        std::vector<const char*> urls{"/b"};
        http::client based(co_await this_coro::executor, http::client_options().base_url(server.url()));
        auto all = based.fetch_each(urls, 1, options);
        auto fetched = co_await all.next();
        CHECK(fetched->url() == "/b");
        CHECK_THAT(server.requests().back().bytes, containing("X-All: 1"));
        co_await based.close();
    });
    tcp_server silent(script().expect_request().hang());
    with_client([&](http::client& http) -> awaitable<> {
        auto pages = http.fetch_each(std::vector{silent.url()}, 1);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pages.next());
            co_await sleep_for(1ms);
            try {
                co_await pages.next();
                FAIL("two may wait");
            } catch (const error& e) {
                CHECK(e.failure() == condition::argument);
            }
            waits.cancel();
        });
        CHECK(http.stats().in_flight == 1);
    });
}

TEST_CASE("fetch_each: from an asynchronous source", "[http][fetch_each]") {
    tcp_server server([](std::size_t) { return script().expect_request().send(ok).repeat(); });
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> source(loop, numbered, server.url(), 30);
        std::set<std::string> seen;
        auto pages = http.fetch_each(std::move(source), 3);
        while (auto page = co_await pages.next()) {
            CHECK(page->value().body() == "ok");
            seen.insert(page->url());
        }
        CHECK(seen.size() == 30);
        CHECK(server.most_requests_at_once() <= 3);

        auto torn = http.fetch_each(generator<std::string>(loop, breaks, server.url()), 3);
        auto first = co_await torn.next();
        CHECK(first->ok());
        std::string why;
        try {
            co_await torn.next();
        } catch (const std::runtime_error& e) {
            why = e.what();
        }
        CHECK(why == "the list tore");
        auto end = co_await torn.next();
        CHECK_FALSE(end);
    });
    with_client([&](http::client& http) -> awaitable<> {
        auto asked = std::make_shared<int>(0);
        {
            auto pages = http.fetch_each(
                generator<std::string>(co_await this_coro::executor, endless, server.url(), asked), 3
            );
            for (int i = 0; i < 10; ++i)
                co_await pages.next();
            CHECK(*asked <= 14);
        }
        while (asked.use_count() > 1)
            co_await sleep_for(1ms);
    });
}

TEST_CASE("fetch_each: a range that throws has given what came before", "[http][fetch_each]") {
    tcp_server server(script().expect_request().send(ok).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        auto url = [&](int i) {
            if (i == 2)
                throw std::runtime_error("no third");
            return server.url();
        };
        auto pages = http.fetch_each(std::views::iota(0, 5) | std::views::transform(url), 10);
        int given = 0;
        std::string why;
        try {
            while (auto page = co_await pages.next())
                given += page->ok();
        } catch (const std::runtime_error& e) {
            why = e.what();
        }
        CHECK(given == 2);
        CHECK(why == "no third");
    });
}

TEST_CASE("fetch_each: the client's end ends all of it", "[http][fetch_each]") {
    tcp_server server(script().expect_request().hang());
    with_client([&](http::client&) -> awaitable<> {
        auto client = std::make_unique<http::client>(co_await this_coro::executor);
        auto pages = client->fetch_each(std::vector<std::string>(5, server.url()), 2);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto first = tasks.spawn(pages.next());
            while (server.requests().empty())
                co_await sleep_for(1ms);
            client.reset();
            auto page = co_await first.get();
            REQUIRE(page);
            CHECK(page->error() == condition::closed);
        });
        int closed = 1;
        while (auto page = co_await pages.next())
            closed += page->error() == condition::closed;
        CHECK(closed == 5);
    });
}

TEST_CASE("fetch_each: cancelled after the k-th handler", "[http][fetch_each][cancel]") {
    nginx server;
    server.serve("page", "page");
    const std::string url = server.url("/page");
    const auto steps = step_cancel_awaitable(
        [&](executor loop) {
            return [](executor on, std::string what) -> awaitable<> {
                http::client http(on);
                auto pages = http.fetch_each(std::vector<std::string>(6, what), 3);
                int n = 0;
                while (auto page = co_await pages.next())
                    n += page->ok();
                CHECK(n == 6);
            }(loop, url);
        },
        step_cancel_options().heap_growth(1 << 20)
    );
    CHECK(steps > 5);
}
