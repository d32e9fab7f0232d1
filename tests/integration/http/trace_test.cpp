#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <set>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

using step = http::trace_event::step;
using steps = std::vector<step>;

steps steps_of(const std::vector<http::trace_event>& events, std::uint64_t request) {
    steps out;
    for (const auto& e : events)
        if (e.request == request)
            out.push_back(e.what);
    return out;
}

} // namespace

TEST_CASE("trace: every step of a request, in order", "[http][trace]") {
    nginx server(nginx_options().server("location /go { return 302 /page; }"));
    server.serve("page", "page");
    std::vector<http::trace_event> events;
    const auto note = [&](const http::trace_event& e) { events.push_back(e); };
    with_client(http::client_options().trace(note), [&](http::client& http) -> awaitable<> {
        co_await http.get("http://ada:secret@127.0.0.1:" + std::to_string(server.port()) + "/go?key=1");
        co_await http.get(server.url("/page"));
        auto retry = http::request_options().retry(retry_policy().attempts(2).backoff(1ms, 1ms));
        co_await http.get("http://127.0.0.1:1/", retry, nothrow);
        while (events.size() < 18)
            co_await sleep_for(1ms);
    });
    const steps once{step::queued, step::resolving, step::connecting, step::sent, step::answering};
    steps redirected = once;
    redirected.insert(
        redirected.end(),
        {step::redirected, step::resolving, step::connecting, step::sent, step::answering, step::done}
    );
    CHECK(steps_of(events, 1) == redirected);
    steps plain = once;
    plain.push_back(step::done);
    CHECK(steps_of(events, 2) == plain);
    CHECK(
        steps_of(events, 3) ==
        steps{
            step::queued, step::resolving, step::connecting, step::repeated, step::resolving,
            step::connecting, step::done}
    );
    for (const auto& e : events) {
        CHECK_THAT(e.url, !containing("secret"));
        CHECK(e.method == "GET");
        if (e.what == step::sent)
            CHECK(e.reused == (&e != &events[3]));
        if (e.what == step::connecting)
            CHECK(e.address == "127.0.0.1");
        if (e.what == step::redirected)
            CHECK(e.status == 302);
        if (e.what == step::done && e.request < 3) {
            CHECK(e.status == 200);
            CHECK(e.bytes == 4);
            CHECK_FALSE(e.why.code());
        }
    }
    CHECK(events.back().why == condition::network);
    CHECK(events.back().attempt == 2);
}

TEST_CASE(
    "trace: the handshake is told when it begins, and with the request that goes out", "[http][trace][tls]"
) {
    const temp_dir dir;
    certificate_authority authority(dir.path());
    const identity files = authority.issue("server");
    tcp_server server(http_answers("ok"), tcp_server_options().tls(files.certificate, files.key));
    std::vector<http::trace_event> sent;
    steps all;
    const auto note = [&](const http::trace_event& e) {
        all.push_back(e.what);
        if (e.what == step::sent)
            sent.push_back(e);
    };
    const auto options = http::client_options().trust_file(authority.certificate().string()).trace(note);
    with_client(options, [&](http::client& http) -> awaitable<> {
        co_await http.get(server.url());
        co_await http.get(server.url());
        while (sent.size() < 2)
            co_await sleep_for(1ms);
    });
    REQUIRE(sent.size() == 2);
    CHECK_FALSE(sent[0].reused);
    CHECK(sent[0].times.tls > 0s);
    CHECK(sent[1].reused);
    CHECK(sent[1].times.tls == 0s);
    const steps first{step::queued, step::resolving, step::connecting, step::securing,
                      step::sent,   step::answering, step::done};
    CHECK(steps(all.begin(), all.begin() + 7) == first);
    CHECK(std::count(all.begin(), all.end(), step::securing) == 1);
}

TEST_CASE("trace: one line for a log, without secrets", "[http][trace]") {
    nginx server;
    server.serve("page", "page");
    std::vector<std::string> lines;
    const auto write = [&](const std::string& line) { lines.push_back(line); };
    with_client(http::client_options().log(write), [&](http::client& http) -> awaitable<> {
        const std::string port = std::to_string(server.port());
        co_await http.get("http://ada:secret@127.0.0.1:" + port + "/page?key=hidden");
        co_await http.get("http://127.0.0.1:1/page?key=hidden", nothrow);
        while (lines.size() < 2)
            co_await sleep_for(1ms);
    });
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[0], containing("/page?… -> 200, 4 bytes in "));
    CHECK_THAT(lines[0], containing("; 127.0.0.1)"));
    CHECK_THAT(lines[1], containing("GET http://127.0.0.1:1/page?…: "));
    CHECK_THAT(lines[1], containing("phase connect"));
    for (const auto& line : lines) {
        CHECK_THAT(line, !containing("hidden"));
        CHECK_THAT(line, !containing("secret"));
    }
}

TEST_CASE("trace: who looks on may destroy the client", "[http][trace]") {
    tcp_server server(script().expect_request().hang());
    with_client([&](http::client&) -> awaitable<> {
        std::unique_ptr<http::client> http;
        const auto end_it = [&](const http::trace_event& e) {
            if (e.what == step::sent)
                http.reset();
        };
        http = std::make_unique<http::client>(
            co_await this_coro::executor, http::client_options().trace(end_it)
        );
        auto closed = co_await http->get(server.url(), nothrow);
        REQUIRE(closed.has_error());
        CHECK(closed.error() == condition::closed);
        CHECK_FALSE(http);
    });
}

TEST_CASE("stats: of each host", "[http][stats]") {
    nginx one;
    one.serve("page", "page");
    tcp_server silent(script().expect_request().hang());
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.get(one.url("/page"));
        co_await http.get(one.url("/page"));
        co_await http.get("http://127.0.0.1:1/", nothrow);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(http.get(silent.url(), nothrow));
            while (silent.requests().empty())
                co_await sleep_for(1ms);
            CHECK(http.stats().in_flight == 1);
            const auto now = http.stats_by_host();
            REQUIRE(now.size() == 3);
            CHECK(now[0].in_flight == 1);
            CHECK(now[0].failed == 0);
            waits.cancel();
        });
        const auto hosts = http.stats_by_host();
        REQUIRE(hosts.size() == 3);
        CHECK(hosts[0].origin == silent.url("").substr(0, hosts[0].origin.size()));
        CHECK(hosts[0].failed == 1);
        CHECK(hosts[1].failed == 1);
        CHECK(hosts[1].connected == 0);
        CHECK(hosts[2].completed == 2);
        CHECK(hosts[2].bytes == 8);
        CHECK(hosts[2].connected == 1);
        CHECK(hosts[2].reused == 1);
        CHECK(hosts[2].in_flight == 0);
    });
}

TEST_CASE("pacing: a host is asked so often and no more", "[http][pacing]") {
    nginx server(nginx_options().server("location /go { return 302 /page; }"));
    server.serve("page", "page");
    tcp_server other(script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").repeat());
    const auto options = http::client_options().min_host_interval(50ms);
    with_client(options, [&](http::client& http) -> awaitable<> {
        const auto begin = loop_clock::now();
        co_await gather(http.get(server.url("/page")), http.get(server.url("/go")), http.get(other.url()));
        CHECK(loop_clock::now() - begin >= 100ms); // three requests to nginx: one is redirected
        co_await http.get(server.url("/page"));
        CHECK(loop_clock::now() - begin >= 150ms);
        const auto late =
            co_await http.get(server.url("/page"), http::request_options().queue_timeout(1ms), nothrow);
        check_failure(late, condition::timeout, phase::queue, "queue_timeout 1 ms", outcome::not_sent);
        co_await http.close();
    });
}
