#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/step_cancel.hpp"
#include "tests/support/tcp_server.hpp"

#include <sched.h>

#include <algorithm>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

awaitable<std::string> rest_of(http::body_reader& page) {
    std::string all;
    while (auto piece = co_await page.read())
        all += *piece;
    co_return all;
}

std::string varied(std::size_t size) {
    std::string out(size, '\0');
    std::uint32_t state = 1;
    for (char& c : out)
        c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return out;
}

// This thread and what it starts have one processor among them.
class one_processor {
public:
    one_processor() {
        ::sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(::sched_getcpu(), &one);
        ::sched_setaffinity(0, sizeof one, &one);
    }
    ~one_processor() { ::sched_setaffinity(0, sizeof before_, &before_); }
    one_processor(const one_processor&) = delete;
    one_processor& operator=(const one_processor&) = delete;

private:
    cpu_set_t before_{};
};

} // namespace

TEST_CASE("stream: the head first, then the body in pieces", "[http][stream]") {
    nginx server;
    const std::string large = varied(5'000'000);
    server.serve("large", large);
    server.serve("empty", "");
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream(server.url("/large"));
        CHECK(page.head().status() == 200);
        CHECK(page.head().headers().get("Content-Length") == "5000000");
        CHECK(page.head().url() == server.url("/large"));
        CHECK(page.head().body().empty());
        CHECK(http.stats().in_flight == 1);
        const std::string all = co_await rest_of(page);
        CHECK((all == large));
        CHECK(page.certainly_complete());
        CHECK(http.stats().in_flight == 0);
        auto after_the_end = co_await page.read();
        CHECK_FALSE(after_the_end);

        auto empty = co_await http.stream(server.url("/empty"));
        CHECK(empty.head().reused_connection());
        auto nothing = co_await empty.read();
        CHECK_FALSE(nothing);

        auto head = co_await http.stream(http::request("HEAD", server.url("/large")));
        auto no_body = co_await head.read();
        CHECK_FALSE(no_body);
        auto missing = co_await http.stream(server.url("/missing"));
        CHECK(missing.head().status() == 404);
    });
}

TEST_CASE(
    "stream: the head is given while the body has not begun, and each piece as it comes", "[http][stream]"
) {
    tcp_server server([](std::size_t n) {
        if (n > 0)
            return script().expect_request().send(ok);
        return script()
            .expect_request()
            .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            .wait_for_requests(2)
            .send("first")
            .wait_for_requests(3)
            .send("other");
    });
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream(server.url());
        CHECK(page.head().status() == 200);
        co_await http.get(server.url("/2"));
        auto first = co_await page.read();
        REQUIRE(first);
        CHECK(*first == "first");
        co_await http.get(server.url("/3"));
        auto second = co_await page.read();
        REQUIRE(second);
        CHECK(*second == "other");
        auto end = co_await page.read();
        CHECK_FALSE(end);
    });
}

TEST_CASE("stream: what is not read waits at the server", "[http][stream]") {
    nginx server;
    const std::string large = varied(30'000'000);
    server.serve("large", large);
    with_client([&](http::client& http) -> awaitable<> {
        const auto options = http::request_options().read_ahead(100'000).stall_timeout(50ms);
        auto page = co_await http.stream(server.url("/large"), options);
        std::string all;
        std::size_t longest = 0;
        // The reader is slower than the limit for the server, which waits all the while
        co_await sleep_for(200ms);
        while (auto piece = co_await page.read()) {
            longest = std::max(longest, piece->size());
            all += *piece;
            co_await sleep_for(0s);
        }
        CHECK((all == large));
        CHECK(longest <= 100'000);
    });
    CHECK(server.requests(1).size() == 1);
}

TEST_CASE("stream: a reader that is too slow meets the limit for the whole", "[http][stream]") {
    tcp_server server(
        script().expect_request().send("HTTP/1.1 200 OK\r\n\r\n").flood(std::string(10'000, 'x'))
    );
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream(server.url(), http::request_options().total_timeout(100ms));
        while (http.stats().in_flight > 0)
            co_await sleep_for(1ms);
        auto kept = co_await page.read(); // what had come is given first
        REQUIRE(kept);
        CHECK_FALSE(kept->empty());
        for (int again = 0; again < 2; ++again) {
            auto late = co_await page.read(nothrow);
            check_failure(
                late, condition::timeout, phase::receive, "total_timeout 100 ms", outcome::answered
            );
        }
    });
}

TEST_CASE(
    "stream: one that is dropped ends, and costs its connection only if more was to come", "[http][stream]"
) {
    tcp_server endless(script().expect_request().send("HTTP/1.1 200 OK\r\n\r\n").flood("data"));
    tcp_server brief(script().expect_request().send(ok).repeat());
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        {
            auto page = co_await http.stream(endless.url());
            co_await page.read();
        }
        auto next = co_await http.get(brief.url()); // which has to wait for the only place
        CHECK(next.body() == "ok");
        while (endless.open_connections() > 0)
            co_await sleep_for(1ms);

        {
            auto page = co_await http.stream(brief.url());
            while (http.stats().in_flight > 0)
                co_await sleep_for(1ms);
        }
        auto last = co_await http.get(brief.url());
        CHECK(last.reused_connection());
        CHECK(brief.connections() == 1);
    });
}

TEST_CASE("stream: a body that is cut off fails after what has come, and again", "[http][stream]") {
    tcp_server cut(script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
    tcp_server open_end(script().expect_request().send("HTTP/1.1 200 OK\r\n\r\nall"));
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream(cut.url(), http::request_options().retry(retry_policy()));
        auto piece = co_await page.read();
        REQUIRE(piece);
        CHECK(*piece == "half");
        for (int again = 0; again < 2; ++again) {
            auto end = co_await page.read(nothrow);
            check_failure(end, condition::network, phase::receive, "", outcome::answered);
        }
        CHECK_FALSE(page.certainly_complete());
        CHECK(http.stats().retried == 0);

        auto open = co_await http.stream(open_end.url());
        const std::string all = co_await rest_of(open);
        CHECK(all == "all");
        CHECK_FALSE(open.certainly_complete());
    });
}

TEST_CASE("stream: a read that is cancelled takes nothing", "[http][stream]") {
    tcp_server server([](std::size_t n) {
        if (n > 0)
            return script().expect_request().send(ok);
        return script()
            .expect_request()
            .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            .wait_for_requests(2)
            .send("data");
    });
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream(server.url());
        auto late = co_await timeout(10ms, page.read(nothrow));
        REQUIRE(late.has_error());
        CHECK(late.error() == condition::timeout);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(page.read(nothrow));
            co_await sleep_for(1ms);
            auto second = co_await page.read(nothrow);
            REQUIRE(second.has_error());
            CHECK(second.error() == condition::argument);
            waits.cancel();
            auto cancelled = co_await waits.get();
            REQUIRE(cancelled.has_error());
            CHECK(cancelled.error() == condition::cancelled);
        });
        co_await http.get(server.url("/2"));
        const std::string all = co_await rest_of(page);
        CHECK(all == "data");
    });
}

TEST_CASE("stream: the client's end is the reader's", "[http][stream]") {
    tcp_server server(script().expect_request().send("HTTP/1.1 200 OK\r\n\r\nsome").hang());
    with_client([&](http::client&) -> awaitable<> {
        http::body_reader page;
        {
            http::client short_lived(co_await this_coro::executor);
            page = co_await short_lived.stream(server.url());
        }
        const auto kept = co_await page.read(nothrow); // it may have come, or not
        if (kept.has_value()) {
            auto closed = co_await page.read(nothrow);
            REQUIRE(closed.has_error());
            CHECK(closed.error() == condition::closed);
        } else {
            CHECK(kept.error() == condition::closed);
        }
    });
}

TEST_CASE("stream: what is repeated is not given, what is the last answer is", "[http][stream]") {
    const std::string busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
    const auto quickly = http::request_options().retry(retry_policy().backoff(1ms, 2ms).attempts(2));
    tcp_server once(script().expect_request().send(busy).expect_request().send(ok));
    tcp_server always(script().expect_request().send(busy).repeat());
    tcp_server redirects(script()
                             .expect_request()
                             .send("HTTP/1.1 302 Go\r\nLocation: /there\r\nContent-Length: 3\r\n\r\nno!")
                             .expect_request()
                             .send(ok));
    const std::string challenge =
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
        "Content-Length: 2\r\n\r\nno";
    tcp_server asks(script().expect_request().send(challenge).expect_request().send(ok));
    tcp_server refuses(script().expect_request().send(challenge).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        auto second = co_await http.stream(once.url(), quickly);
        CHECK(second.head().status() == 200);
        const std::string body = co_await rest_of(second);
        CHECK(body == "ok");

        auto last = co_await http.stream(always.url(), quickly);
        CHECK(last.head().status() == 503);
        const std::string of_last = co_await rest_of(last);
        CHECK(of_last == "busy");
        CHECK(always.requests().size() == 2);

        auto there = co_await http.stream(redirects.url());
        CHECK(there.head().redirected_from() == std::vector{redirects.url()});
        const std::string of_there = co_await rest_of(there);
        CHECK(of_there == "ok");

        const auto known = http::request_options().digest_auth("ada", "s3cret");
        auto welcome = co_await http.stream(asks.url(), known);
        CHECK(welcome.head().status() == 200);
        const std::string of_welcome = co_await rest_of(welcome);
        CHECK(of_welcome == "ok");
        auto unknown = co_await http.stream(refuses.url(), known);
        CHECK(unknown.head().status() == 401);
        const std::string of_unknown = co_await rest_of(unknown);
        CHECK(of_unknown == "no");
    });
}

TEST_CASE(
    "stream: an answer to be repeated is given when it is too large to be kept back", "[http][stream]"
) {
    tcp_server server(
        script().expect_request().send("HTTP/1.1 503 Busy\r\n\r\n").flood(std::string(5000, 'x'))
    );
    with_client([&](http::client& http) -> awaitable<> {
        auto options = http::request_options().retry(retry_policy().backoff(1ms, 2ms)).read_ahead(50'000);
        auto page = co_await http.stream(server.url(), options);
        CHECK(page.head().status() == 503);
        auto piece = co_await page.read();
        REQUIRE(piece);
        CHECK(piece->size() > 5000);
        auto next = co_await page.read();
        CHECK(next);
        CHECK(http.stats().retried == 0);
    });
}

TEST_CASE("stream: a limit of the request's own is told by its name", "[http][stream][limit]") {
    tcp_server server(http_answers(std::string(10'000, 'b')));
    with_client([&](http::client& http) -> awaitable<> {
        const auto own = http::request_options().max_body(5'000);
        auto page = co_await http.stream(server.url(), own);
        result<std::optional<std::string>> piece = std::optional<std::string>();
        do
            piece = co_await page.read(nothrow);
        while (piece.has_value() && *piece);
        check_failure(piece, condition::limit, phase::receive, "max_body", outcome::answered);
    });
}

TEST_CASE("stream: limits are those of a file", "[http][stream]") {
    nginx server;
    server.serve("page", std::string(100'000, 'x'));
    with_client(http::client_options().max_body(10).max_file(51'200), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream(server.url("/page"));
        result<std::optional<std::string>> piece = std::optional<std::string>();
        do
            piece = co_await page.read(nothrow);
        while (piece.has_value() && *piece);
        check_failure(piece, condition::limit, phase::receive, "max_file 50 KiB", outcome::answered);
        auto refused = co_await http.stream("ftp://127.0.0.1/", nothrow);
        REQUIRE(refused.has_error());
        CHECK(refused.error() == condition::argument);
        auto nobody = co_await http.stream("http://127.0.0.1:1/", nothrow);
        CHECK(nobody.error().phase() == phase::connect);
    });
}

TEST_CASE("stream: cancelled after the k-th handler", "[http][stream][cancel]") {
    nginx server;
    server.serve("page", std::string(300'000, 'x'));
    const std::string url = server.url("/page");
    const auto steps = step_cancel_awaitable(
        [&](executor loop) {
            return [](executor on, std::string what) -> awaitable<> {
                http::client http(on);
                auto page = co_await http.stream(what, http::request_options().read_ahead(1000));
                while (auto piece = co_await page.read())
                    CHECK_FALSE(piece->empty());
            }(loop, url);
        },
        step_cancel_options().heap_growth(1 << 20)
    );
    CHECK(steps > 5);
}

// On one processor the server has answered before we go on: then the answer pauses before libcurl has waited
// for it.
TEST_CASE(
    "stream: one after the other on a connection that is kept, each slower than the server", "[http][stream]"
) {
    const one_processor ours_and_the_servers;
    nginx server(nginx_options().unix_socket());
    server.serve("page", std::string(300'000, 'x'));
    http::client_options over;
    if (GENERATE(false, true))
        over.unix_socket(server.unix_path());
    with_client(over, [&](http::client& http) -> awaitable<> {
        const auto options = http::request_options().read_ahead(1000);
        for (int i = 0; i < 50; ++i) {
            auto page = co_await http.stream(server.url("/page"), options);
            co_await sleep_for(0ms); // what has come is not read yet
            std::size_t size = 0;
            while (auto piece = co_await page.read())
                size += piece->size();
            REQUIRE(size == 300'000);
        }
    });
    CHECK(server.requests(50).back().connection == server.requests(50).front().connection);
}
