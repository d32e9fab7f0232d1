// A caller is told in the very turn in which its answer came: whatever it does there must not disturb those
// whose answers came in the same turn.

#include "tests/integration/http/checks.hpp"
#include "tests/support/tcp_server.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <stdexcept>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

constexpr int at_once = 5;

// Answers when all of them are there, so that they are told in one turn or two.
tcp_server together() {
    return tcp_server(script()
                          .expect_request()
                          .wait_for_requests(at_once)
                          .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
                          .hang());
}

struct callers {
    explicit callers(const std::string& where) {
        client = std::make_unique<http::client>(
            loop.get_executor(), http::client_options().max_in_flight_per_host(at_once)
        );
        for (int i = 0; i < at_once; ++i)
            client->get(where, [this](error_code code, const http::response& page) {
                ++(code ? failed : answered);
                CHECK((code || page.body() == "hello"));
                if (const auto act = std::exchange(first, nullptr))
                    act();
            });
    }

    boost::asio::io_context loop;
    std::unique_ptr<http::client> client;
    std::function<void()> first; // what the first of them does
    int answered = 0, failed = 0;
};

} // namespace

TEST_CASE("handler: it may throw, and the others are told when the loop runs again", "[http][handler]") {
    auto server = together();
    callers all(server.url());
    all.first = [] { throw std::runtime_error("through the loop"); };
    CHECK_THROWS_AS(all.loop.run(), std::runtime_error);
    CHECK(all.answered == 1);
    all.loop.restart();
    all.loop.run();
    CHECK(all.answered == at_once);
    CHECK(all.client->stats().completed == at_once);
}

TEST_CASE("handler: it may destroy the client", "[http][handler]") {
    auto server = together();
    callers all(server.url());
    all.first = [&] { all.client.reset(); };
    all.loop.run();
    CHECK(all.answered >= 1);
    CHECK(all.answered + all.failed == at_once);
}

TEST_CASE("handler: it may start more requests than there are", "[http][handler]") {
    auto server = together();
    tcp_server other(http_answers("another"));
    callers all(server.url());
    int more = 0;
    all.first = [&] {
        for (int i = 0; i < 200; ++i)
            all.client->get(other.url(), [&](error_code code, const http::response& page) {
                CHECK_FALSE(code);
                more += page.body() == "another";
            });
    };
    all.loop.run();
    CHECK(all.answered == at_once);
    CHECK(more == 200);
}

TEST_CASE("handler: it is never called by who starts the request", "[http][handler]") {
    auto server = together();
    callers all(server.url());
    bool inside = false, called_inside = false, told = false;
    all.first = [&] {
        inside = true;
        all.client->get("nonsense", [&](error_code code, const http::response&) {
            CHECK(code == condition::argument);
            called_inside = inside;
            told = true;
        });
        inside = false;
    };
    all.loop.run();
    CHECK(told);
    CHECK_FALSE(called_inside);
}
