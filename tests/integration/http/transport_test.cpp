#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripts.hpp"
#include "tests/support/temp_dir.hpp"
#include <oneloop/testing.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
using http::scripted;

namespace {

// Answers all the same when it is cancelled.
class stubborn final : public http::transport {
public:
    int asked = 0;
    awaitable<http::wire_answer> exchange(http::wire_request) override {
        http::wire_answer answer;
        answer.body = "answer " + std::to_string(++asked);
        if (asked == 1) {
            try {
                co_await sleep_for(1h);
            } catch (const error&) {
                answer.status = 500;
            }
        }
        co_return answer;
    }
};

awaitable<> two(yield<std::string>& out) {
    co_await out("one,");
    co_await out("two");
}

} // namespace

TEST_CASE("transport: a program is tested without a network", "[http][transport]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://api.test/cars?make=Volvo", scripted(200, "[]").header("X-A", "1"));
    server->answer("POST", "http://api.test/cars", scripted(201));
    with_script(server, [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get("http://api.test/cars", http::request_options().query("make", "Volvo"));
        CHECK(page.status() == 200);
        CHECK(page.body() == "[]");
        CHECK(page.headers().get("x-a") == "1");
        CHECK(page.certainly_complete());
        co_await http.post("http://api.test/cars", "Saab", http::request_options().bearer("key"));
        auto unknown = co_await http.get("http://api.test/boats", nothrow);
        REQUIRE(unknown.has_error());
        CHECK_THAT(
            unknown.error().message(), containing("GET http://api.test/boats: no answer was scripted")
        );
    });
    REQUIRE(server->requests().size() == 3);
    CHECK(server->requests()[1].method == "POST");
    CHECK(server->requests()[1].body == "Saab");
    CHECK(server->requests()[1].fields.get("Authorization") == "Bearer key");
    CHECK(server->requests()[1].fields.get("Content-Type") == "text/plain; charset=utf-8");
}

TEST_CASE("transport: limits, retries and redirects are as ever, and time is virtual", "[http][transport]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/", scripted(503).header("Retry-After", "20"));
    server->answer(
        "GET", "http://a.test/", scripted::failing(failure(errc::timed_out).ended(outcome::not_sent))
    );
    server->answer("GET", "http://a.test/", scripted(302).header("Location", "http://b.test/x"));
    server->answer("GET", "http://b.test/x", scripted(200, "there").after(10s));
    server->answer("GET", "http://slow.test/", scripted().after(1h));
    server->answer("GET", "http://large.test/", scripted(200, std::string(1000, 'x')));
    server->answer("GET", "http://cut.test/", scripted(200, "half").cut());
    const auto options = http::client_options().max_body(999).retry(retry_policy().backoff(1s, 1s));
    with_script(server, options, [&](http::client& http) -> awaitable<> {
        const auto begin = loop_clock::now();
        auto page = co_await http.get("http://a.test/", http::request_options().header("X-Key", "secret"));
        CHECK(page.body() == "there");
        CHECK(page.redirected_from() == std::vector<std::string>{"http://a.test/"});
        CHECK(loop_clock::now() - begin >= 30s);
        CHECK(http.stats().retried == 2);
        CHECK(server->requests()[2].fields.contains("X-Key"));
        CHECK_FALSE(server->requests()[3].fields.contains("X-Key"));

        auto once = http::request_options().retry(retry_policy().attempts(1));
        auto slow = co_await http.get("http://slow.test/", once, nothrow);
        check_failure(
            slow, condition::timeout, phase::first_byte, "first_byte_timeout 30 s", outcome::in_doubt
        );
        auto large = co_await http.get("http://large.test/", once, nothrow);
        check_failure(large, condition::limit, phase::receive, "max_body 999 bytes", outcome::answered);
        auto cut = co_await http.get("http://cut.test/", once, nothrow);
        check_failure(cut, condition::network, phase::receive, "", outcome::answered);
    });
}

TEST_CASE("transport: streams, files, uploads and fetch_each", "[http][transport]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/", scripted(200, std::string(100'000, 'x')));
    server->answer("PUT", "http://a.test/", scripted(204));
    const temp_dir dir;
    with_script(server, [&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream("http://a.test/", http::request_options().read_ahead(10'000));
        std::size_t size = 0;
        while (auto piece = co_await page.read())
            size += piece->size();
        CHECK(size == 100'000);
        {
            auto dropped = co_await http.stream("http://a.test/", http::request_options().read_ahead(10'000));
            CHECK(http.stats().in_flight == 1);
        }
        co_await http.download("http://a.test/", (dir / "file").string());
        generator<std::string> source(co_await this_coro::executor, two);
        co_await http.put("http://a.test/", http::upload(std::move(source)));
        CHECK(server->requests().back().body == "one,two");
        auto pages = http.fetch_each(std::vector<std::string>(5, "http://a.test/"), 2);
        int n = 0;
        while (auto each = co_await pages.next())
            n += each->ok();
        CHECK(n == 5);
    });
    CHECK(std::filesystem::file_size(dir / "file") == 100'000);
}

TEST_CASE("transport: a request that is cancelled cancels its exchange", "[http][transport]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://slow.test/", scripted().after(1h));
    with_script(server, [&](http::client& http) -> awaitable<> {
        auto late = co_await timeout(1s, http.get("http://slow.test/", nothrow));
        REQUIRE(late.has_error());
        CHECK(late.error() == condition::timeout);
        CHECK(http.stats().in_flight == 0);
    });
}

TEST_CASE("transport: an answer that comes after its attempt was given up is dropped", "[http][transport]") {
    auto late = std::make_shared<stubborn>();
    const auto options = http::client_options().transport(late).retry(retry_policy().backoff(1s, 1s));
    run([&]() -> awaitable<> {
        http::client http(co_await this_coro::executor, options);
        auto once = http::request_options().first_byte_timeout(1s);
        auto page = co_await http.get("http://a.test/", once);
        CHECK(page.body() == "answer 2");
        CHECK(http.stats().retried == 1);

        late->asked = 0;
        auto brief = http::request_options().total_timeout(1s);
        auto failed = co_await http.get("http://a.test/", brief, nothrow);
        check_failure(failed, condition::timeout, phase::first_byte, "total_timeout 1 s", outcome::in_doubt);
        co_await sleep_for(1h); // and no limit of its runs on
        co_await http.close();
    });
}

TEST_CASE("transport: an answer in the moment of the limit", "[http][transport]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/", scripted(200, "late").after(1s));
    with_script(server, [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 20; ++i) {
            auto brief = http::request_options().total_timeout(1s);
            co_await http.get("http://a.test/", brief, nothrow); // one or the other
        }
        co_await sleep_for(1h);
        CHECK(http.stats().completed + http.stats().failed == 20);
    });
}
