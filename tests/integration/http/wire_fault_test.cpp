#include "tests/integration/http/checks.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// What comes of an answer of these bytes, after which the server closes.
void check_bytes(
    const std::string& bytes, condition what, phase where, const std::string& reason = "",
    const http::request_options& options = {}
) {
    CAPTURE(bytes.substr(0, 200));
    tcp_server server(script().expect_request().send(bytes));
    with_working_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.get(server.url(), options, nothrow);
        check_failure(r, what, where, "", outcome::answered);
        CHECK_THAT(r.error().message(), containing(reason));
    });
}

// Those of connections, where servers are processes of their own.
std::vector<int> sockets_since(const resources& before) {
    std::vector<int> found;
    for (const auto& [fd, what] : resources_now().descriptors)
        if (!before.descriptors.contains(fd) && what.starts_with("socket:"))
            found.push_back(fd);
    return found;
}

// No descriptor may be opened above `most`, as long as this lives.
class few_descriptors {
public:
    explicit few_descriptors(rlim_t most) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit now = before_;
        now.rlim_cur = most;
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    few_descriptors(const few_descriptors&) = delete;
    few_descriptors& operator=(const few_descriptors&) = delete;

private:
    rlimit before_{};
};

} // namespace

TEST_CASE("fault: two different Content-Lengths, or one that is no number", "[http][fault]") {
    check_bytes(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nok---", condition::protocol,
        phase::receive, "two different Content-Lengths"
    );
    check_bytes("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nok", condition::protocol, phase::receive);
    check_bytes("HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok", condition::protocol, phase::receive);
}

TEST_CASE("fault: chunks that are none, and a last one that is missing", "[http][fault]") {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_bytes(head + "zz\r\nok\r\n0\r\n\r\n", condition::protocol, phase::receive);
    check_bytes(head + "ffffffffffffffffffff\r\nok", condition::protocol, phase::receive);
    check_bytes(head + "5\r\nhello\r\n", condition::network, phase::receive);
    check_bytes(head + "5\r\nhel", condition::network, phase::receive);
}

TEST_CASE("fault: more than the Content-Length is not the body, nor the next answer", "[http][fault]") {
    tcp_server server([](std::size_t n) {
        if (n == 0)
            return script()
                .expect_request()
                .send(ok + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
                .hang();
        return script().expect_request().send(ok).repeat();
    });
    with_working_client([&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 3; ++i) {
            auto page = co_await http.get(server.url());
            CHECK(page.body() == "ok");
        }
    });
}

TEST_CASE("fault: the server has no more to say, and says so", "[http][fault]") {
    tcp_server before_head(script().expect_request().half_close().hang());
    tcp_server in_body(
        script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").half_close().hang()
    );
    tcp_server at_end(script().expect_request().send("HTTP/1.1 200 OK\r\n\r\nwhole").half_close().hang());
    with_working_client([&](http::client& http) -> awaitable<> {
        auto nothing = co_await http.get(before_head.url(), nothrow);
        check_failure(nothing, condition::network, phase::first_byte, "", outcome::in_doubt);
        auto half = co_await http.get(in_body.url(), nothrow);
        check_failure(half, condition::network, phase::receive, "", outcome::answered);
        auto whole = co_await http.get(at_end.url());
        CHECK(whole.body() == "whole");
        CHECK_FALSE(whole.certainly_complete());
    });
}

TEST_CASE("fault: no descriptor is left", "[http][fault]") {
    nginx server, other; // in processes of their own
    server.serve("page", "ok");
    other.serve("page", "ok");
    with_working_client([&](http::client& http) -> awaitable<> {
        co_await http.get(server.url("/page")); // what is opened at the first request is open
        std::vector<int> taken;
        {
            const few_descriptors limit(64);
            for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
                taken.push_back(fd);
            auto kept = co_await http.get(server.url("/page")); // needs none
            CHECK(kept.body() == "ok");
            auto refused = co_await http.get(other.url("/page"), nothrow);
            for (const int fd : taken)
                ::close(fd);
            check_failure(refused, condition::network, phase::connect, "", outcome::not_sent);
            CHECK_THAT(refused.error().message(), containing("Too many open files"));
        }
        auto page = co_await http.get(other.url("/page"));
        CHECK(page.body() == "ok");
    });
}

TEST_CASE(
    "fault: the number of a connection that was cancelled is that of the next", "[http][fault][cancel]"
) {
    const bool connects = GENERATE(true, false);
    const black_hole hole;
    nginx server(nginx_options().slow_rate(1000));
    server.serve("page", "ok");
    server.serve("slow/page", std::string(100'000, 'x'));
    const std::string nowhere = "http://127.0.0.1:" + std::to_string(hole.port()) + "/";
    with_working_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        const resources before = resources_now();
        std::vector<int> cancelled;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(http.get(connects ? nowhere : server.url("/slow/page"), nothrow));
            while ((cancelled = sockets_since(before)).empty())
                co_await sleep_for(1ms);
            tasks.cancel();
        });
        auto page = co_await http.get(server.url("/page"));
        CHECK(page.body() == "ok");
        CHECK(sockets_since(before) == cancelled);
    });
}

TEST_CASE("fault: a descriptor's number is used again behind libcurl's back", "[http][fault]") {
    nginx server;
    server.serve("page", "ok");
    with_working_client([&](http::client& http) -> awaitable<> {
        const resources before = resources_now();
        co_await http.get(server.url("/page"));
        const std::vector<int> kept = sockets_since(before);
        REQUIRE(kept.size() == 1);
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        REQUIRE(::dup2(ends[0], kept.front()) == kept.front()); // whoever closes what is not theirs does that
        for (int i = 0; i < 3; ++i) {
            auto page = co_await http.get(server.url("/page"));
            CHECK(page.body() == "ok");
        }
        ::close(ends[0]);
        ::close(ends[1]);
    });
    CHECK(server.requests(4).size() == 4);
}
