#include "tests/integration/redis/checks.hpp"
#include "tests/support/tcp_server.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// What becomes of GET x when the server, having let the client in, does `next`.
void check_rude(script next, condition what, outcome how, const std::string& says) {
    INFO(says);
    tcp_server server(std::move(next));
    with_client(at_port(server.port()).command_timeout(5s), [&](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.get("x", nothrow);
        REQUIRE(answer.has_error());
        INFO(answer.error().message());
        CHECK(answer.error() == what);
        CHECK(answer.error().outcome() == how);
        CHECK_THAT(answer.error().message(), containing(says));
    });
}

script to_get(const std::string& reply) {
    return lets_in().expect("x\r\n").send(reply).hang();
}

} // namespace

TEST_CASE("redis: a reply that nobody asked for ends the connection, not the program", "[redis][rude]") {
    tcp_server server([](std::size_t n) {
        return n == 0 ? lets_in().expect("x\r\n").send("$3\r\none\r\n+OK\r\n").hang()
                      : lets_in().expect("x\r\n").send("$3\r\ntwo\r\n").hang();
    });
    with_client(at_port(server.port()).retry(backoff(0s, 0s)), [&](redis::client& redis) -> awaitable<> {
        auto first = co_await redis.get("x", nothrow);
        co_await until([&] { return !redis.stats().connected; });
        auto second = co_await redis.get("x");
        CHECK(second == "two");
        // With the stray one right behind it his answer is not to be trusted either
        if (first.has_error())
            CHECK(first.error() == condition::protocol);
        else
            CHECK(*first == "one");
    });
    CHECK(server.connections() == 2);

    tcp_server early(script().send("+hello\r\n").hang());
    with_client(at_port(early.port()), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.get("x", nothrow);
        REQUIRE(answer.has_error());
        CHECK(answer.error().outcome() == outcome::not_sent);
    });
}

TEST_CASE("redis: the text of an error that nobody asked for is told", "[redis][rude]") {
    tcp_server server(lets_in().send("-ERR going down for maintenance\r\n").expect("x\r\n"));
    with_client(at_port(server.port()), [](redis::client& redis) -> awaitable<> {
        co_await redis.ping(nothrow);
        auto answer = co_await redis.get("x", nothrow);
        // Either the connection is gone already, or it was this that ended it
        if (answer.has_error() && answer.error().phase() != phase::connect)
            CHECK_THAT(answer.error().message(), containing("maintenance") || containing("closed"));
    });
}

TEST_CASE("redis: what no Redis server may send", "[redis][rude]") {
    const auto protocol = condition::protocol;
    const auto doubt = outcome::in_doubt, begun = outcome::answered;
    check_rude(to_get("HTTP/1.1 400 Bad Request\r\n"), protocol, doubt, "begins with 'H'");
    check_rude(to_get("%1\r\n+a\r\n+b\r\n"), protocol, doubt, "begins with '%'"); // RESP3
    check_rude(to_get("$x\r\n"), protocol, begun, "in place of a number");
    check_rude(to_get("$-7\r\n"), protocol, begun, "negative length");
    check_rude(to_get(":12a\r\n"), protocol, begun, "'12a'");
    check_rude(to_get("$3\nabc\r\n"), protocol, begun, "CR LF");
    check_rude(
        to_get("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"), protocol, outcome::answered,
        "deep"
    );
    check_rude(to_get("+" + std::string(100'000, 'x')), protocol, begun, "64 KiB");
}

TEST_CASE("redis: replies larger than memory is meant for", "[redis][rude]") {
    check_rude(to_get("$9000000000000000000\r\n"), condition::limit, outcome::answered, "max_reply");
    check_rude(to_get("*2147483647\r\n"), condition::limit, outcome::answered, "max_reply 64 MiB");
}

TEST_CASE("redis: an answer that is cut in the middle is no answer", "[redis][rude]") {
    auto cut = [](const std::string& part) { return lets_in().expect("x\r\n").send(part); };
    check_rude(cut("$10\r\nabc"), condition::network, outcome::answered, "closed the connection");
    check_rude(cut("$3\r\nabc"), condition::network, outcome::answered, "closed the connection");
    check_rude(cut("*2\r\n+a\r\n"), condition::network, outcome::answered, "closed the connection");
    check_rude(cut("$"), condition::network, outcome::answered, "closed the connection");
    check_rude(cut(""), condition::network, outcome::in_doubt, "closed the connection");
}

TEST_CASE("redis: answers byte by byte and answers in one piece are the same", "[redis][rude]") {
    const std::string replies = "*3\r\n$3\r\na\r\n\r\n:-5\r\n*-1\r\n$-1\r\n-ERR no\r\n";
    for (const bool slowly : {false, true}) {
        auto s = lets_in().expect("three\r\n");
        tcp_server server(slowly ? s.send_slowly(replies).hang() : s.send(replies).hang());
        with_client(at_port(server.port()), [](redis::client& redis) -> awaitable<> {
            auto [one, two, three] = co_await gather(
                redis.command("ECHO", "one", nothrow), redis.command("ECHO", "two", nothrow),
                redis.command("ECHO", "three", nothrow)
            );
            REQUIRE(one);
            CHECK(one->items().size() == 3);
            CHECK(one->items()[0].text() == "a\r\n");
            CHECK(one->items()[1].integer() == -5);
            REQUIRE(two);
            CHECK(two->is_nil());
            REQUIRE(three.has_error());
            CHECK(three.error() == condition::server);
        });
    }
}
