#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/step_cancel.hpp"
#include "tests/support/tcp_server.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

nginx_options stores() {
    return nginx_options().server(
        "location /put/ { dav_methods PUT; client_max_body_size 100m; create_full_put_path on; }"
    );
}

// Not in the loop, which must not be held up for so long.
void check_content(const std::filesystem::path& path, const std::string& expected) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    CHECK((all.str() == expected));
}

awaitable<> pieces(yield<std::string>& out, int count, std::size_t size) {
    for (int i = 0; i < count; ++i)
        co_await out(std::string(size, static_cast<char>('a' + i % 26)));
}

std::string all_pieces(int count, std::size_t size) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += std::string(size, static_cast<char>('a' + i % 26));
    return all;
}

// Tells how often it was asked, and when it is gone.
class counter {
public:
    int asked = 0;
};

awaitable<> counted(yield<std::string>& out, std::shared_ptr<counter> c, std::size_t size) {
    while (true) {
        ++c->asked;
        co_await out(std::string(size, 'x'));
    }
}

awaitable<> hesitant(yield<std::string>& out, std::chrono::milliseconds pause, int count) {
    for (int i = 0; i < count; ++i) {
        co_await out("piece");
        co_await sleep_for(pause);
    }
}

awaitable<> broken(yield<std::string>& out) {
    co_await out("half");
    throw std::runtime_error("the tape tore");
}

awaitable<> silent(yield<std::string>& out, std::shared_ptr<counter> c) {
    ++c->asked;
    co_await sleep_for(1h);
    co_await out("late");
}

} // namespace

TEST_CASE("upload: a body that is made while it is sent", "[http][upload]") {
    nginx server(stores());
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> source(loop, pieces, 300, std::size_t{20'000});
        auto stored = co_await http.put(server.url("/put/chunked"), http::upload(std::move(source)));
        CHECK(stored.status() == 201);

        generator<std::string> known(loop, pieces, 10, std::size_t{1000});
        auto announced =
            co_await http.put(server.url("/put/length"), http::upload(std::move(known)).length(10'000));
        CHECK(announced.status() == 201);
        CHECK(announced.reused_connection());

        generator<std::string> none(loop, pieces, 0, std::size_t{0});
        auto empty = co_await http.put(server.url("/put/empty"), http::upload(std::move(none)));
        CHECK(empty.status() == 201);
        CHECK(std::filesystem::file_size(server.root() / "put/empty") == 0);

        auto plain = co_await http.get(server.url("/put/length"));
        CHECK(plain.body().size() == 10'000);
    });
    check_content(server.root() / "put/chunked", all_pieces(300, 20'000));
    check_content(server.root() / "put/length", all_pieces(10, 1000));
}

TEST_CASE("upload: what is downloaded here is sent there", "[http][upload][stream]") {
    nginx server(stores());
    server.serve("large", all_pieces(100, 30'000));
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.stream(server.url("/large"));
        auto stored = co_await http.put(server.url("/put/copy"), http::upload(std::move(page)));
        CHECK(stored.status() == 201);
    });
    check_content(server.root() / "put/copy", all_pieces(100, 30'000));
}

TEST_CASE("upload: how it looks on the wire", "[http][upload]") {
    tcp_server server(script().expect("0\r\n\r\n").send(ok).expect("four").send(ok));
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> source(loop, pieces, 2, std::size_t{3});
        co_await http.post(server.url(), http::upload(std::move(source)).type("text/csv"));
        const std::string seen = server.requests().back().bytes;
        CHECK(seen.starts_with("POST / HTTP/1.1\r\n"));
        CHECK_THAT(seen, containing("Transfer-Encoding: chunked\r\n"));
        CHECK_THAT(seen, containing("Content-Type: text/csv\r\n"));
        CHECK_THAT(seen, !containing("Expect"));
        CHECK(seen.ends_with("\r\n\r\n3\r\naaa\r\n3\r\nbbb\r\n0\r\n\r\n"));

        co_await http.patch(server.url(), "four");
        CHECK(server.requests().back().bytes.starts_with("PATCH / HTTP/1.1\r\n"));
        CHECK_THAT(server.requests().back().bytes, containing("Content-Length: 4\r\n"));
    });
}

TEST_CASE("upload: the source is asked as fast as the server takes it", "[http][upload]") {
    with_client([&](http::client& http) -> awaitable<> {
        tcp_server server(script().stall());
        auto count = std::make_shared<counter>();
        const auto loop = co_await this_coro::executor;
        generator<std::string> source(loop, counted, count, std::size_t{4} << 20);
        auto options = http::request_options().stall_timeout(200ms);
        auto late = co_await http.put(server.url(), http::upload(std::move(source)), options, nothrow);
        check_story(
            late, condition::timeout, phase::send, "stall_timeout 200 ms", outcome::in_doubt, "PUT http"
        );
        CHECK(count->asked >= 2);
        CHECK(count->asked <= 8); // what the sockets of both sides hold, and two pieces
        while (count.use_count() > 1)
            co_await sleep_for(1ms);
    });
}

TEST_CASE("upload: a large body in memory moves, or meets the limit for standing still", "[http][upload]") {
    nginx server(stores());
    const std::string large = all_pieces(26, 200'000);
    with_client([&](http::client& http) -> awaitable<> {
        tcp_server stalled(script().stall());
        auto stored = co_await http.put(server.url("/put/large"), http::body(large));
        CHECK(stored.status() == 201);
        auto options = http::request_options().stall_timeout(100ms);
        auto late = co_await http.post(stalled.url(), http::body(large), options, nothrow);
        check_story(
            late, condition::timeout, phase::send, "stall_timeout 100 ms", outcome::in_doubt, "POST http"
        );
    });
    check_content(server.root() / "put/large", large);
}

TEST_CASE("upload: a slow source is not the server's fault", "[http][upload]") {
    tcp_server server(script().expect("0\r\n\r\n").send(ok).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> slow(loop, hesitant, 100ms, 3);
        auto options = http::request_options().stall_timeout(30ms).first_byte_timeout(30s);
        auto done = co_await http.put(server.url(), http::upload(std::move(slow)), options);
        CHECK(done.body() == "ok");

        auto count = std::make_shared<counter>();
        generator<std::string> never(loop, silent, count);
        auto late = co_await http.put(
            server.url(), http::upload(std::move(never)), options.total_timeout(100ms), nothrow
        );
        check_story(
            late, condition::timeout, phase::send, "total_timeout 100 ms", outcome::in_doubt, "PUT http"
        );
        while (count.use_count() > 1)
            co_await sleep_for(1ms);
    });
}

TEST_CASE(
    "upload: a source that fails, or gives too much or too little, ends the request", "[http][upload]"
) {
    tcp_server server(script().expect("never").repeat());
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> torn(loop, broken);
        auto failed = co_await http.put(server.url(), http::upload(std::move(torn)), nothrow);
        check_story(failed, condition::argument, phase::send, "", outcome::in_doubt, "PUT http");
        CHECK_THAT(failed.error().reason(), containing("the tape tore"));

        generator<std::string> brief(loop, pieces, 2, std::size_t{10});
        auto less = co_await http.put(server.url(), http::upload(std::move(brief)).length(21), nothrow);
        REQUIRE(less.has_error());
        CHECK_THAT(less.error().reason(), containing("after 20 of 21 bytes"));

        generator<std::string> copious(loop, pieces, 2, std::size_t{10});
        auto more = co_await http.put(server.url(), http::upload(std::move(copious)).length(19), nothrow);
        REQUIRE(more.has_error());
        CHECK_THAT(more.error().reason(), containing("more than the 19 bytes"));
        while (server.open_connections() > 0)
            co_await sleep_for(1ms);
    });
}

TEST_CASE("upload: what was read once is not sent again", "[http][upload]") {
    tcp_server moved(
        script().expect("0\r\n\r\n").send("HTTP/1.1 307 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
    );
    tcp_server elsewhere(script()
                             .expect("0\r\n\r\n")
                             .send("HTTP/1.1 303 See\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
                             .expect_request()
                             .send(ok));
    tcp_server resets(script().expect("0\r\n\r\n").reset());
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> first(loop, pieces, 2, std::size_t{10});
        auto again = co_await http.put(moved.url(), http::upload(std::move(first)), nothrow);
        REQUIRE(again.has_error());
        CHECK(again.error() == condition::argument);
        CHECK_THAT(again.error().reason(), containing("its source can be read once"));

        generator<std::string> second(loop, pieces, 2, std::size_t{10});
        auto seen = co_await http.put(elsewhere.url(), http::upload(std::move(second)));
        CHECK(seen.method() == "GET");
        CHECK(seen.body() == "ok");

        generator<std::string> third(loop, pieces, 2, std::size_t{10});
        auto options = http::request_options().retry(retry_policy().backoff(1ms, 1ms));
        auto lost = co_await http.put(resets.url(), http::upload(std::move(third)), options, nothrow);
        REQUIRE(lost.has_error());
        CHECK(lost.error() == condition::network);
        CHECK(http.stats().retried == 0);
    });
}

TEST_CASE("upload: one whose source was not asked yet is tried again", "[http][upload]") {
    tcp_server server(script().expect("0\r\n\r\n").send(ok));
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        http::client http(loop, http::client_options().retry(retry_policy().attempts(2).backoff(1ms, 1ms)));
        generator<std::string> source(loop, pieces, 1, std::size_t{3});
        http::body body = http::upload(std::move(source));
        auto nobody = co_await http.put("http://127.0.0.1:1/", body, nothrow);
        CHECK(http.stats().retried == 1);
        CHECK(nobody.error() == condition::network);
        auto done = co_await http.put(server.url(), body);
        CHECK(done.body() == "ok");
    });
}

TEST_CASE(
    "upload: a slow source is not the server's fault, after the answer has begun either", "[http][upload]"
) {
    tcp_server server(script()
                          .expect_request()
                          .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
                          .expect("0\r\n\r\n")
                          .send("ok"));
    with_client([&](http::client& http) -> awaitable<> {
        generator<std::string> slow(co_await this_coro::executor, hesitant, 700ms, 2);
        auto options = http::request_options().stall_timeout(500ms);
        auto done = co_await http.put(server.url(), http::upload(std::move(slow)), options);
        CHECK(done.body() == "ok");
    });
}

TEST_CASE("upload: an answer that does not wait for the body is given", "[http][upload]") {
    tcp_server server(
        script().expect_request().send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").hang()
    );
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        auto count = std::make_shared<counter>();
        generator<std::string> never(loop, silent, count);
        auto refused = co_await http.post(server.url(), http::upload(std::move(never)));
        CHECK(refused.status() == 413);
        CHECK(refused.body() == "no");
        auto many = std::make_shared<counter>();
        generator<std::string> endless(loop, counted, many, std::size_t{1000});
        auto again = co_await http.post(server.url(), http::upload(std::move(endless)));
        CHECK(again.status() == 413);
        while (count.use_count() > 1 || many.use_count() > 1)
            co_await sleep_for(1ms);
    });
}

TEST_CASE("upload: a redirect that does not wait for the body is followed", "[http][upload]") {
    tcp_server server([](std::size_t n) {
        return n > 0 ? script().expect_request().send(ok)
                     : script()
                           .expect_request()
                           .send("HTTP/1.1 303 See\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
                           .hang();
    });
    with_client([&](http::client& http) -> awaitable<> {
        auto count = std::make_shared<counter>();
        generator<std::string> never(co_await this_coro::executor, silent, count);
        auto options = http::request_options().total_timeout(10s);
        auto seen = co_await http.post(server.url(), http::upload(std::move(never)), options);
        CHECK(seen.method() == "GET");
        CHECK(seen.body() == "ok");
        while (count.use_count() > 1)
            co_await sleep_for(1ms);
    });
}

TEST_CASE("upload: leave to go on is no answer yet", "[http][upload]") {
    const std::string leave = "HTTP/1.1 100 Continue\r\n\r\n";
    tcp_server server(script().expect_request().send(leave).expect("0\r\n\r\n").send(ok));
    tcp_server lost(script().expect_request().send(leave).expect("0\r\n\r\n"));
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        const auto options = http::request_options().header("Expect", "100-continue").stall_timeout(500ms);
        generator<std::string> slow(loop, hesitant, 700ms, 2); // while which no limit runs
        auto done = co_await http.put(server.url(), http::upload(std::move(slow)), options);
        CHECK(done.body() == "ok");

        generator<std::string> source(loop, pieces, 2, std::size_t{10});
        auto patient = http::request_options().header("Expect", "100-continue");
        auto failed = co_await http.post(lost.url(), http::upload(std::move(source)), patient, nothrow);
        check_story(failed, condition::network, phase::first_byte, "", outcome::in_doubt, "POST http");
    });
}

TEST_CASE("upload: of nothing, which is announced, waits for the answer only", "[http][upload]") {
    tcp_server server(script().expect_request().hang());
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> none(loop, pieces, 0, std::size_t{0});
        auto options = http::request_options().first_byte_timeout(50ms).stall_timeout(30s);
        auto late =
            co_await http.put(server.url(), http::upload(std::move(none)).length(0), options, nothrow);
        check_story(
            late, condition::timeout, phase::first_byte, "first_byte_timeout 50 ms", outcome::in_doubt,
            "PUT http"
        );
        CHECK_THAT(server.requests().back().bytes, containing("Content-Length: 0\r\n"));
    });
}

TEST_CASE("upload: a copy of what was read fails, and is not taken for nothing", "[http][upload]") {
    tcp_server server(script().expect("0\r\n\r\n").send(ok).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        generator<std::string> source(loop, pieces, 2, std::size_t{3});
        const http::body body = http::upload(std::move(source));
        auto sent = co_await http.put(server.url(), body);
        CHECK(sent.body() == "ok");
        auto again = co_await http.put(server.url(), body, nothrow);
        REQUIRE(again.has_error());
        CHECK(again.error() == condition::argument);
        CHECK_THAT(again.error().reason(), containing("can be read once"));
    });
}

TEST_CASE("upload: cancelled after the k-th handler", "[http][upload][cancel]") {
    nginx server(stores());
    const std::string url = server.url("/put/cancelled");
    const auto steps = step_cancel_awaitable(
        [&](executor loop) {
            return [](executor on, std::string where) -> awaitable<> {
                http::client http(on);
                generator<std::string> source(on, pieces, 5, std::size_t{50'000});
                co_await http.put(where, http::upload(std::move(source)));
            }(loop, url);
        },
        step_cancel_options().heap_growth(1 << 20)
    );
    CHECK(steps > 5);
}
