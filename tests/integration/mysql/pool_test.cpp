#include "tests/integration/mysql/checks.hpp"
#include "tests/support/slow_to_end.hpp"

#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

awaitable<> settled(mysql::pool& pool) {
    while (pool.stats().busy + pool.stats().closing + pool.stats().connecting > 0)
        co_await sleep_for(1ms);
}

} // namespace

TEST_CASE("mysql pool: borrowers share a few connections", "[mysql][pool]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().min_size(1).max_size(3));
        std::size_t most = 0;
        auto borrow = [&](int i) -> awaitable<> {
            auto db = co_await pool.acquire();
            most = std::max(most, pool.stats().busy);
            auto answer = co_await db->query("SELECT " + std::to_string(i));
            CHECK(answer[0][0].as<int>() == i);
        };
        co_await gather(std::views::iota(0, 50) | std::views::transform(borrow));
        co_await settled(pool);
        CHECK(most == 3);
        CHECK(pool.stats().opened == 3);
        CHECK(pool.stats().idle == 3);
        CHECK(pool.stats().leases == 50);
        co_await pool.close();
        CHECK(pool.stats().idle == 0);
    });
}

TEST_CASE("mysql pool: the next borrower finds the session as it was in the beginning", "[mysql][pool]") {
    const mariadb_server server;
    server.execute("CREATE TABLE car (name VARCHAR(20))");
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(1));
        auto first = co_await pool.acquire();
        co_await first->query("SET @mine = 1, SESSION sql_mode = 'ANSI', autocommit = 0");
        co_await first->query("CREATE TEMPORARY TABLE scratch (x INT)");
        co_await first->query("INSERT INTO car VALUES ('uncommitted')");
        co_await first->query("USE information_schema");
        first.give_back();
        auto next = co_await pool.acquire();
        auto state = co_await next->query("SELECT @mine, @@sql_mode, @@autocommit, DATABASE()");
        CHECK(state[0][0].is_null());
        CHECK(state[0][1].text().find("ANSI") == std::string_view::npos);
        CHECK(state[0][2].as<int>() == 1);
        CHECK(state[0][3].text() == "oneloop");
        auto cars = co_await next->query("SELECT * FROM car");
        CHECK(cars.empty());
        auto scratch = co_await next->query("SELECT * FROM scratch", nothrow);
        CHECK(scratch.has_error());
        CHECK(pool.stats().opened == 1);
    });
}

TEST_CASE("mysql pool: a mistake costs nothing, a cancelled query its connection", "[mysql][pool][cancel]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(1));
        {
            auto db = co_await pool.acquire();
            auto wrong = co_await db->query("SELEKT 1", nothrow);
            CHECK(wrong.error() == condition::server);
        }
        {
            auto db = co_await pool.acquire();
            auto late = co_await caught(timeout(50ms, db->query("SELECT SLEEP(20)")));
            CHECK(failure_of(late) == condition::timeout);
        }
        auto db = co_await pool.acquire();
        auto answer = co_await db->query("SELECT 'mine'");
        CHECK(answer[0][0].text() == "mine");
        CHECK(pool.stats().opened == 2);
        CHECK(pool.stats().discarded == 1);
    });
}

TEST_CASE(
    "mysql pool: what is started after the end of the lease does not reach the connection", "[mysql][pool]"
) {
    const mariadb_server server;
    server.execute("CREATE TABLE car (name VARCHAR(20))");
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(1));
        auto first = co_await pool.acquire();
        auto text = first->query("INSERT INTO car VALUES ('late')", boost::asio::deferred);
        auto bound = first->query("INSERT INTO car VALUES (?)", "late", boost::asio::deferred);
        auto ping = first->ping(boost::asio::deferred);
        auto close = first->close(boost::asio::deferred);
        first.give_back();
        auto second = co_await pool.acquire();
        failure told;
        auto token = with_failure(told, boost::asio::as_tuple(boost::asio::use_awaitable));
        auto check = [&](error_code code) {
            INFO(told.message());
            CHECK(code == condition::closed);
            CHECK(told.outcome() == outcome::not_sent);
            CHECK_THAT(told.message(), containing("the lease has ended"));
            told = failure();
        };
        auto [one, no_rows] = co_await std::move(text)(token);
        check(one);
        auto [two, none_either] = co_await std::move(bound)(token);
        check(two);
        auto [three] = co_await std::move(ping)(token);
        check(three);
        auto [four] = co_await std::move(close)(token);
        check(four);
        auto cars = co_await second->query("SELECT name FROM car");
        CHECK(cars.empty());
        CHECK(pool.stats().opened == 1);
    });
}

TEST_CASE("mysql pool: queries with parameters leave nothing to the next borrower", "[mysql][pool]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(1));
        for (int i = 0; i < 3; ++i) {
            auto db = co_await pool.acquire();
            auto mine = co_await db->query("SELECT @mine");
            CHECK(mine[0][0].is_null());
            co_await db->query("SET @mine = ?", i);
            auto set = co_await db->query("SELECT @mine + ?", 1);
            CHECK(set[0][0].as<int>() == i + 1);
            auto count = co_await db->query("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'");
            CHECK(count[0][1].text() == "0");
        }
        CHECK(pool.stats().opened == 1);
    });
}

TEST_CASE("mysql pool: exhausted, the failure says who keeps the connection", "[mysql][pool]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(1).queue_timeout(50ms));
        auto kept = co_await pool.acquire();
        auto late = co_await pool.acquire(nothrow);
        check_failure(late, condition::timeout, phase::queue, "queue_timeout 50 ms", outcome::not_sent);
        CHECK_THAT(late.error().message(), containing("pool_test.cpp"));
    });
}

TEST_CASE("mysql pool: closed while waited for, and destroyed with a lease out", "[mysql][pool]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        auto pool = std::make_unique<mysql::pool>(loop, to(server), pool_options().max_size(1));
        auto kept = co_await pool->acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waiting = tasks.spawn(pool->acquire(nothrow));
            auto closing = tasks.spawn(pool->close(nothrow));
            auto refused = co_await waiting.get();
            check_failure(refused, condition::closed, phase::queue, "", outcome::not_sent);
            auto running = tasks.spawn(kept->query("SELECT SLEEP(20)", nothrow));
            co_await until_it_runs(server, "SELECT SLEEP");
            pool.reset();
            auto answer = co_await running.get();
            check_failure(answer, condition::closed, phase::first_byte, "", outcome::in_doubt);
            auto closed = co_await closing.get();
            CHECK(closed);
        });
        auto over = co_await kept->query("SELECT 1", nothrow);
        CHECK(over.error() == condition::closed);
    });
}

TEST_CASE(
    "mysql pool: a server that is down is told at once, and found when it is back", "[mysql][pool][fault]"
) {
    mariadb_server server;
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        mysql::pool pool(loop, to(server), pool_options().max_size(2).retry(backoff(20ms, 50ms)));
        {
            auto db = co_await pool.acquire();
            co_await db->ping();
        }
        co_await settled(pool);
        co_await run_blocking([&] { server.kill(); });
        auto [one, two] = co_await gather(pool.acquire(nothrow), pool.acquire(nothrow));
        check_failure(one, condition::network, phase::connect, "", outcome::not_sent);
        check_failure(two, condition::network, phase::connect, "", outcome::not_sent);
        co_await run_blocking([&] { server.start(); });
        auto back = co_await pool.acquire(nothrow);
        while (!back) {
            co_await sleep_for(10ms);
            back = co_await pool.acquire(nothrow);
        }
        co_await (*back)->ping();
    });
}

TEST_CASE(
    "mysql pool: connections that the server closed while they were idle are not lent", "[mysql][pool][fault]"
) {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(2));
        { auto [a, b] = co_await gather(pool.acquire(), pool.acquire()); }
        co_await settled(pool);
        CHECK(pool.stats().idle == 2);
        for (const auto& client : server.processlist())
            server.execute("KILL " + client[0]);
        auto db = co_await pool.acquire();
        co_await db->ping();
        CHECK(pool.stats().discarded == 2);
    });
}

TEST_CASE("mysql pool: stopped for five seconds, then going on", "[mysql][pool][fault]") {
    mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        auto options = to(server).query_timeout(300ms).connect_timeout(500ms);
        mysql::pool pool(loop, options, pool_options().max_size(2).retry(backoff(20ms, 100ms)));
        auto kept = co_await pool.acquire();
        server.signal(SIGSTOP);
        kept.give_back(); // bringing its session back will not come to an end
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (std::chrono::steady_clock::now() < end) {
            auto db = co_await pool.acquire(nothrow);
            if (db) {
                auto answer = co_await (*db)->query("SELECT 1", nothrow);
                CHECK(answer.error() == condition::timeout);
            }
            co_await sleep_for(20ms);
        }
        server.signal(SIGCONT);
        auto back = co_await pool.acquire(nothrow);
        while (!back) {
            co_await sleep_for(10ms);
            back = co_await pool.acquire(nothrow);
        }
        auto answer = co_await (*back)->query("SELECT 'here'");
        CHECK(answer[0][0].text() == "here");
    });
}

TEST_CASE("mysql pool: stopped for ever, it can be closed and destroyed", "[mysql][pool][fault]") {
    mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(2));
        {
            auto [a, b] = co_await gather(pool.acquire(), pool.acquire());
            server.signal(SIGSTOP);
        }
        co_await pool.close(); // within the limits of bringing back and of saying goodbye
        CHECK(pool.stats().busy + pool.stats().closing == 0);
    });
    server.signal(SIGCONT);
}
