#include "tests/integration/redis/checks.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/tcp_server.hpp"

#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// Asks until there is an answer: a server that has come back is found again.
awaitable<> recovered(redis::client& redis) {
    for (;;)
        if (auto answer = co_await redis.ping(nothrow); answer)
            co_return;
        else
            co_await sleep_for(10ms);
}

} // namespace

TEST_CASE("redis: nobody listens", "[redis][fault]") {
    const refused_port nobody;
    with_client(at_port(nobody.port()).retry(backoff(1h, 1h)), [&](redis::client& redis) -> awaitable<> {
        auto [first, second] = co_await gather(redis.ping(nothrow), redis.get("x", nothrow));
        check_failure(first, condition::network, phase::connect, "", outcome::not_sent, "Connection refused");
        check_failure(
            second, condition::network, phase::connect, "", outcome::not_sent, "GET x at 127.0.0.1:"
        );
        // The next attempt has its time; until then nobody waits for what is known
        auto third = co_await redis.ping(nothrow);
        check_failure(
            third, condition::network, phase::connect, "", outcome::not_sent, "the next attempt is made in"
        );
        CHECK(redis.stats().failed_connects == 1);
        co_await redis.close();
    });
}

TEST_CASE("redis: no such socket", "[redis][fault]") {
    with_client(
        redis::options().unix_socket("/nonexistent/redis.sock"),
        [](redis::client& redis) -> awaitable<> {
            auto answer = co_await redis.ping(nothrow);
            check_failure(
                answer, condition::network, phase::connect, "", outcome::not_sent, "/nonexistent/redis.sock"
            );
        }
    );
}

TEST_CASE("redis: a port that answers nothing", "[redis][fault]") {
    const black_hole hole;
    with_client(at_port(hole.port()).connect_timeout(50ms), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.ping(nothrow);
        check_failure(answer, condition::timeout, phase::connect, "connect_timeout 50 ms", outcome::not_sent);
    });
    with_client(at_port(hole.port()).command_timeout(50ms), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.ping(nothrow);
        check_failure(answer, condition::timeout, phase::connect, "command_timeout 50 ms", outcome::not_sent);
    });
}

TEST_CASE(
    "redis: a name's addresses are tried in turn, a black hole for its share of the time", "[redis][fault]"
) {
    const redis_server server;
    const black_hole hole("127.0.0.4", server.port());
    with_loop([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        dns_server names(loop);
        auto known = std::make_shared<resolver>(loop, resolver_options().server(names.address()));
        names.set("refused.test", dns_reply().address("127.0.0.3", 60).address("127.0.0.1", 60));
        names.set("hole.test", dns_reply().address("127.0.0.4", 60).address("127.0.0.1", 60));
        names.set("none.test", dns_reply().address("127.0.0.4", 60).address("127.0.0.3", 60));
        const auto how = at(server).resolve_with(known).connect_timeout(2s);
        for (const char* name : {"refused.test", "hole.test"}) {
            redis::client redis(loop, redis::options(how).host(name));
            const auto begin = std::chrono::steady_clock::now();
            auto answer = co_await redis.ping(nothrow);
            INFO(name << ": " << (answer ? "" : answer.error().message()));
            CHECK(answer);
            CHECK((std::chrono::steady_clock::now() - begin >= 900ms) == (name == std::string("hole.test")));
            co_await redis.close();
        }
        redis::pool pool(loop, redis::options(how).host("refused.test"), pool_options().max_size(1));
        auto lent = co_await pool.acquire();
        co_await lent->ping();
        redis::client none(loop, redis::options(how).host("none.test").connect_timeout(200ms));
        auto refused = co_await none.ping(nothrow);
        check_failure(refused, condition::network, phase::connect, "", outcome::not_sent, "refused");
    });
}

TEST_CASE("redis: a server that accepts and says nothing", "[redis][fault]") {
    tcp_server silent(script().hang());
    with_client(at_port(silent.port()).connect_timeout(50ms), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.ping(nothrow);
        check_failure(answer, condition::timeout, phase::auth, "connect_timeout 50 ms", outcome::not_sent);
    });
}

TEST_CASE("redis: passwords and databases", "[redis][fault][login]") {
    const redis_server server(redis_options().password("secret").user("ann", "hers"));
    const auto plain = redis::options().port(server.port());
    with_client(at(server), [](redis::client& redis) -> awaitable<> { co_await redis.ping(); });
    with_client(
        redis::options(plain).user("ann").password("hers").database(3),
        [](redis::client& redis) -> awaitable<> {
            auto me = co_await redis.command<std::string>("CLIENT", "INFO");
            CHECK_THAT(me, containing("user=ann"));
            CHECK_THAT(me, containing("db=3"));
        }
    );
    with_client(redis::options(plain).password("wrong-one"), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.ping(nothrow);
        check_failure(answer, condition::server, phase::auth, "", outcome::not_sent, "WRONGPASS");
        CHECK(answer.error().code() == redis::errc::wrong_pass);
        CHECK(answer.error().message().find("wrong-one") == std::string::npos);
    });
    with_client(plain, [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.ping(nothrow);
        check_failure(answer, condition::server, phase::auth, "", outcome::not_sent, "NOAUTH");
    });
    with_client(at(server).database(99), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.ping(nothrow);
        check_failure(
            answer, condition::server, phase::auth, "", outcome::not_sent, "DB index is out of range"
        );
    });
}

TEST_CASE("redis: a server that is full says so", "[redis][fault]") {
    const redis_server server(redis_options().config("maxclients 1"));
    with_client(at(server), [&](redis::client& redis) -> awaitable<> {
        co_await redis.ping();
        redis::client second(co_await this_coro::executor, at(server));
        auto answer = co_await second.ping(nothrow);
        check_failure(answer, condition::server, phase::auth, "", outcome::not_sent, "max number of clients");
        CHECK(answer.error().code() == redis::errc::too_many_clients);
    });
}

TEST_CASE("redis: killed with a command in flight, and back again", "[redis][fault]") {
    redis_server server;
    with_restarts(at(server).retry(backoff(10ms, 20ms)), [&](redis::client& redis) -> awaitable<> {
        co_await redis.ping();
        server.signal(SIGSTOP);
        result<void> in_flight;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto sent = tasks.spawn(redis.ping(nothrow));
            co_await until([&] { return redis.stats().in_flight == 1; });
            co_await run_blocking([&] { server.kill(); });
            in_flight = co_await sent.get();
        });
        check_failure(in_flight, condition::network, phase::receive, "", outcome::in_doubt);
        auto meanwhile = co_await redis.ping(nothrow);
        check_failure(meanwhile, condition::network, phase::connect, "", outcome::not_sent);
        co_await run_blocking([&] { server.start(); });
        co_await recovered(redis);
        CHECK(redis.stats().connects == 2);
    });
}

TEST_CASE("redis: restarted while idle, the next command finds the server again", "[redis][fault]") {
    redis_server server;
    with_restarts(at(server).retry(backoff(10ms, 20ms)), [&](redis::client& redis) -> awaitable<> {
        co_await redis.ping();
        co_await run_blocking([&] { server.kill_and_restart(); });
        co_await until([&] { return !redis.stats().connected; });
        co_await redis.ping();
        CHECK(redis.stats().connects == 2);
    });
}

TEST_CASE("redis: stopped for five seconds, then going on", "[redis][fault]") {
    redis_server server;
    const auto options = at(server).command_timeout(300ms).max_abandoned_age(500ms).connect_timeout(1s).retry(
        backoff(50ms, 200ms)
    );
    with_client(options, [&](redis::client& redis) -> awaitable<> {
        co_await redis.set("who", "before");
        server.signal(SIGSTOP);
        const auto end = std::chrono::steady_clock::now() + 5s;
        std::size_t in_doubt = 0, not_sent = 0;
        while (std::chrono::steady_clock::now() < end) {
            auto answer = co_await redis.get("who", nothrow);
            REQUIRE(answer.has_error());
            CHECK(answer.error() == condition::timeout);
            ++(answer.error().outcome() == outcome::in_doubt ? in_doubt : not_sent);
            co_await sleep_for(20ms);
        }
        CHECK(in_doubt > 0);
        CHECK(not_sent > 0); // once the connection was given up
        server.signal(SIGCONT);
        co_await recovered(redis);
        co_await redis.set("who", "after");
        auto who = co_await redis.get("who");
        CHECK(who == "after");
    });
}

TEST_CASE("redis: stopped for ever, the client can be closed and destroyed", "[redis][fault]") {
    redis_server server;
    with_client(
        at(server).command_timeout(100ms).max_abandoned_age(100ms),
        [&](redis::client& redis) -> awaitable<> {
            co_await redis.ping();
            server.signal(SIGSTOP);
            auto [first, closed] = co_await gather(redis.get("x", nothrow), redis.close(nothrow));
            check_failure(
                first, condition::timeout, phase::first_byte, "command_timeout 100 ms", outcome::in_doubt
            );
            CHECK(closed);
        }
    );
    server.signal(SIGCONT);
}

TEST_CASE(
    "redis: an answer that comes after its caller has gone is nobody else's", "[redis][fault][pairing]"
) {
    redis_server server;
    with_client(at(server).command_timeout(100ms), [&](redis::client& redis) -> awaitable<> {
        co_await redis.ping();
        server.signal(SIGSTOP);
        auto late = co_await redis.command<std::string>("ECHO", "late", nothrow);
        CHECK(late.error() == condition::timeout);
        CHECK(redis.stats().abandoned == 1);
        server.signal(SIGCONT);
        auto next = co_await redis.command<std::string>("ECHO", "next");
        CHECK(next == "next");
        CHECK(redis.stats().abandoned == 0);
        CHECK(redis.stats().connects == 1);
    });
}

TEST_CASE("redis: too many abandoned commands end the connection", "[redis][fault]") {
    tcp_server silent(lets_in().hang());
    const auto options = at_port(silent.port()).max_abandoned(5).max_abandoned_age(1h).command_timeout(20ms);
    with_client(options, [&](redis::client& redis) -> awaitable<> {
        auto ping = [&](int) { return redis.ping(nothrow); };
        auto answers = co_await gather(std::views::iota(0, 7) | std::views::transform(ping));
        for (const auto& answer : answers)
            CHECK(answer.error() == condition::timeout);
        co_await until([&] { return !redis.stats().connected; });
    });
}

TEST_CASE("redis: connections that are reset", "[redis][fault]") {
    tcp_server at_once(script().reset());
    with_client(at_port(at_once.port()), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.ping(nothrow);
        REQUIRE(answer.has_error());
        CHECK(answer.error() == condition::network);
        CHECK(answer.error().outcome() == outcome::not_sent);
    });
    tcp_server later(lets_in().expect("x\r\n").reset());
    with_client(at_port(later.port()), [](redis::client& redis) -> awaitable<> {
        auto answer = co_await redis.get("x", nothrow);
        check_failure(answer, condition::network, phase::receive, "", outcome::in_doubt, "GET x");
    });
}
