#include "tests/integration/redis/checks.hpp"
#include "tests/support/dead_ports.hpp"

#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

template <class Body>
void with_pool(redis::options where, pool_options sizes, Body body) {
    with_loop([&]() -> awaitable<> {
        redis::pool pool(co_await this_coro::executor, where, sizes);
        co_await body(pool);
    });
}

} // namespace

TEST_CASE("redis pool: borrowers share a few connections", "[redis][pool]") {
    const redis_server server;
    with_pool(at(server), pool_options().min_size(1).max_size(3), [&](redis::pool& pool) -> awaitable<> {
        std::size_t most = 0;
        auto borrow = [&](int i) -> awaitable<> {
            auto redis = co_await pool.acquire();
            most = std::max(most, pool.stats().busy);
            auto answer = co_await redis->command<int>("ECHO", i);
            CHECK(answer == i);
        };
        co_await gather(std::views::iota(0, 100) | std::views::transform(borrow));
        co_await until([&] { return pool.stats().busy == 0; });
        CHECK(most == 3);
        CHECK(pool.stats().opened == 3);
        CHECK(pool.stats().idle == 3);
        CHECK(pool.stats().leases == 100);
        co_await pool.close();
        CHECK(pool.stats().idle == 0);
    });
    CHECK(server.clients().empty());
}

TEST_CASE("redis pool: a smallest size is opened early and kept", "[redis][pool]") {
    redis_server server;
    with_pool(
        at(server), pool_options().min_size(2).idle_timeout(20ms),
        [&](redis::pool& pool) -> awaitable<> {
            co_await until([&] { return pool.stats().idle == 2; });
            {
                auto a = co_await pool.acquire();
                auto b = co_await pool.acquire();
                auto c = co_await pool.acquire();
                CHECK(pool.stats().busy == 3);
            }
            co_await until([&] { return pool.stats().idle == 2 && pool.stats().busy == 0; });
            CHECK(pool.stats().opened == 3);
        }
    );
}

TEST_CASE("redis pool: transactions and blocking commands, and no session is handed on", "[redis][pool]") {
    const redis_server server;
    with_pool(at(server), pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        {
            auto redis = co_await pool.acquire();
            co_await redis->command<void>("MULTI");
            co_await redis->command<void>("SET", "x", 1);
            auto all = co_await redis->command<std::pair<std::string, int>>("EXEC", nothrow);
            CHECK(all.has_error()); // one reply, not two
            co_await redis->command<void>("MULTI");
            co_await redis->command<void>("INCR", "x");
            auto numbers = co_await redis->command<std::vector<int>>("EXEC");
            CHECK(numbers == std::vector{2});
            co_await redis->command<void>("RPUSH", "jobs", "first");
            auto job = co_await redis->command<std::pair<std::string, std::string>>("BLPOP", "jobs", 1);
            CHECK(job.second == "first");
        }
        auto again = co_await pool.acquire();
        CHECK(pool.stats().opened == 1); // nothing was left behind
        co_await again->command<void>("SELECT", 5);
        again.give_back();
        auto fresh = co_await pool.acquire();
        auto info = co_await fresh->command<std::string>("CLIENT", "INFO");
        CHECK_THAT(info, containing("db=0"));
        CHECK(pool.stats().opened == 2);
        co_await fresh->command<void>("MULTI");
        fresh.give_back();
        fresh = co_await pool.acquire();
        auto set = co_await fresh->command<std::string>("SET", "x", 1);
        CHECK(set == "OK"); // not QUEUED
        CHECK(pool.stats().opened == 3);
        CHECK(pool.stats().discarded == 2);
        fresh.discard();
        co_await until([&] { return pool.stats().discarded == 3; });
    });
}

TEST_CASE("redis pool: exhausted, the failure says who keeps the connection", "[redis][pool]") {
    const redis_server server;
    const auto sizes = pool_options().max_size(1).queue_timeout(50ms).max_queued(1);
    with_pool(at(server), sizes, [&](redis::pool& pool) -> awaitable<> {
        auto kept = co_await pool.acquire();
        auto [late, full] = co_await gather(pool.acquire(nothrow), pool.acquire(nothrow));
        check_failure(
            late, condition::timeout, phase::queue, "queue_timeout 50 ms", outcome::not_sent, "pool_test.cpp"
        );
        CHECK_THAT(late.error().message(), containing("1 of 1 are on loan"));
        check_failure(full, condition::limit, phase::queue, "max_queued 1", outcome::not_sent);
        CHECK(pool.stats().waiting == 0);
    });
}

TEST_CASE("redis pool: closed while waited for", "[redis][pool]") {
    const redis_server server;
    with_pool(at(server), pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        auto kept = co_await pool.acquire();
        auto release = [&]() -> awaitable<> {
            co_await until([&] { return pool.stats().waiting == 0; });
            co_await kept->ping(); // the borrower goes on
            kept.give_back();
        };
        auto [waiting, closed, done] = co_await gather(pool.acquire(nothrow), pool.close(nothrow), release());
        check_failure(waiting, condition::closed, phase::queue, "", outcome::not_sent, "the pool is closed");
        CHECK(closed);
        (void)done;
        auto late = co_await pool.acquire(nothrow);
        check_failure(late, condition::closed, phase::queue, "", outcome::not_sent);
    });
    CHECK(server.clients().empty());
}

TEST_CASE("redis pool: destroyed with a lease out and somebody waiting", "[redis][pool]") {
    const redis_server server;
    with_loop([&]() -> awaitable<> {
        auto pool = std::make_unique<redis::pool>(
            co_await this_coro::executor, at(server), pool_options().max_size(1)
        );
        auto kept = co_await pool->acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waiting = tasks.spawn(pool->acquire(nothrow));
            co_await until([&] { return pool->stats().waiting == 1; });
            pool.reset();
            auto answer = co_await waiting.get();
            check_failure(answer, condition::closed, phase::queue, "", outcome::not_sent);
        });
        auto over = co_await kept->ping(nothrow);
        check_failure(over, condition::closed, phase::queue, "", outcome::not_sent);
    });
}

TEST_CASE("redis pool: a server that is down is told at once, and found when it is back", "[redis][pool]") {
    redis_server server;
    const auto sizes = pool_options().max_size(2).retry(backoff(20ms, 50ms));
    run_test([&]() -> awaitable<> {
        redis::pool pool(co_await this_coro::executor, at(server), sizes);
        {
            auto redis = co_await pool.acquire();
            co_await redis->ping();
        }
        co_await run_blocking([&] { server.kill(); });
        auto [one, two, three] =
            co_await gather(pool.acquire(nothrow), pool.acquire(nothrow), pool.acquire(nothrow));
        for (const auto* r : {&one, &two, &three})
            check_failure(
                *r, condition::network, phase::connect, "", outcome::not_sent, "Connection refused"
            );
        co_await run_blocking([&] { server.start(); });
        auto back = co_await pool.acquire(nothrow);
        while (!back) {
            co_await sleep_for(10ms);
            back = co_await pool.acquire(nothrow);
        }
        co_await (*back)->ping();
    });
}

TEST_CASE("redis pool: connections that died while idle are not lent", "[redis][pool]") {
    redis_server server;
    with_pool(at(server), pool_options().max_size(3), [&](redis::pool& pool) -> awaitable<> {
        { auto [a, b, c] = co_await gather(pool.acquire(), pool.acquire(), pool.acquire()); }
        co_await until([&] { return pool.stats().idle == 3; });
        server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        auto redis = co_await pool.acquire();
        co_await redis->ping();
        CHECK(pool.stats().discarded >= 1);
    });
}

TEST_CASE(
    "redis pool: stopped for ever, a borrower's command ends and the connection is not lent again",
    "[redis][pool]"
) {
    redis_server server;
    const auto options = at(server).command_timeout(50ms).connect_timeout(100ms);
    with_pool(options, pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        {
            auto redis = co_await pool.acquire();
            server.signal(SIGSTOP);
            auto answer = co_await redis->ping(nothrow);
            check_failure(
                answer, condition::timeout, phase::first_byte, "command_timeout", outcome::in_doubt
            );
        }
        auto next = co_await pool.acquire(nothrow);
        check_failure(next, condition::timeout, phase::auth, "connect_timeout 100 ms", outcome::not_sent);
        server.signal(SIGCONT);
        CHECK(pool.stats().discarded == 1);
    });
}

TEST_CASE(
    "redis pool: what is started after the end of the lease does not reach the connection", "[redis][pool]"
) {
    const redis_server server;
    with_pool(at(server), pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        auto first = co_await pool.acquire();
        auto later = first->command<std::string>("SET", "x", "late", boost::asio::deferred);
        first.give_back();
        auto second = co_await pool.acquire();
        failure story;
        auto token = with_failure(story, boost::asio::as_tuple(boost::asio::use_awaitable));
        auto [code, said] = co_await std::move(later)(std::move(token));
        CHECK(code == condition::closed);
        CHECK_THAT(story.message(), containing("the lease has ended"));
        auto x = co_await second->get("x");
        CHECK_FALSE(x);
        CHECK(pool.stats().opened == 1);
    });
}

TEST_CASE(
    "redis pool: a lease that ends with its command in flight costs the connection", "[redis][pool][cancel]"
) {
    const redis_server server;
    with_pool(at(server), pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        auto slow = [&]() -> awaitable<> {
            auto redis = co_await pool.acquire();
            co_await redis->command<void>("DEBUG", "SLEEP", "0.2");
        };
        auto late = co_await caught(timeout(20ms, slow()));
        CHECK(failure_of(late) == condition::timeout);
        CHECK(pool.stats().discarded == 1);
        auto redis = co_await pool.acquire();
        auto answer = co_await redis->command<std::string>("ECHO", "mine");
        CHECK(answer == "mine");
    });
}
