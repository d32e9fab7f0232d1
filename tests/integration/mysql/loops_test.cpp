#include "tests/integration/mysql/checks.hpp"
#include "tests/support/tcp_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// A connection on one loop, those who use it on another, and operations that outlive their loop.

TEST_CASE(
    "mysql loops: a coroutine of another loop may query, time out and cancel", "[mysql][loops][cancel]"
) {
    const mariadb_server server;
    asio::io_context home(1);
    auto work = asio::make_work_guard(home);
    std::thread thread([&] { run_watched(home); });

    asio::io_context away(1);
    auto all = [&](executor loop) -> awaitable<> {
        for (int round = 0; round < 20; ++round) {
            auto db = co_await mysql::connect(loop, to(server));
            auto fine = co_await db.query("SELECT 'far'");
            CHECK(fine[0][0].text() == "far");
            auto never = co_await timeout(1ms, db.query("SELECT SLEEP(10)", nothrow));
            CHECK(never.error() == condition::timeout);
            auto lost = co_await db.query("SELECT 1", nothrow);
            CHECK(lost.error() == condition::closed);
            auto kept = std::make_shared<mysql::connection>(std::move(db));
            asio::post(loop, [kept = std::move(kept)]() mutable { kept.reset(); });
        }
    };
    run(away, all(home.get_executor()));
    work.reset();
    thread.join();
}

TEST_CASE("mysql loops: a cancel that comes before the loop runs is not lost", "[mysql][loops][cancel]") {
    const tcp_server silent(script().hang());
    asio::io_context loop(1);
    asio::cancellation_signal signal;
    error_code got;
    mysql::connect(
        loop.get_executor(), mysql::options().user("u").port(silent.port()),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code code, mysql::connection) { got = code; })
    );
    signal.emit(asio::cancellation_type::all);
    run_watched(loop);
    CHECK(got == condition::cancelled);
}

TEST_CASE("mysql loops: an operation that was never started outlives the loop", "[mysql][loops]") {
    const mariadb_server server;
    std::optional<awaitable<mysql::connection>> never_connected;
    std::optional<awaitable<mysql::rows>> never_asked;
    {
        asio::io_context loop(1);
        auto body = [&](executor here) -> awaitable<> {
            never_connected.emplace(mysql::connect(here, to(server)));
            auto db = co_await mysql::connect(here, to(server));
            never_asked.emplace(db.query("SELECT 1"));
        };
        run(loop, body(loop.get_executor()));
    }
    never_connected.reset();
    never_asked.reset();
}

TEST_CASE("mysql loops: the loop destroyed with work in flight", "[mysql][loops][cancel]") {
    const mariadb_server server;
    warm_up(server);
    const resources before = resources_now();
    for (int steps : {0, 1, 2, 3, 4, 5, 6, 8, 10, 20}) {
        asio::io_context loop(1);
        // The connection lives in the coroutine that waits for it
        spawn(loop.get_executor(), [](mysql::options how) -> awaitable<> {
            auto db = co_await mysql::connect(co_await this_coro::executor, how);
            co_await gather(
                db.query("SELECT seq, REPEAT('r', 1000) FROM seq_1_to_100000"), db.query("SELECT SLEEP(10)"),
                db.query("SELECT 2")
            );
        }(to(server)));
        for (int i = 0; i < steps; ++i)
            run_one_watched(loop, 50ms);
    }
    require_same_resources(before);
}

TEST_CASE("mysql loops: a signal outlives the loop, with operations pending", "[mysql][loops][cancel]") {
    const tcp_server silent(script().hang());
    asio::cancellation_signal signal;
    {
        asio::io_context loop(1);
        mysql::connect(
            loop.get_executor(), mysql::options().user("u").port(silent.port()),
            asio::bind_cancellation_slot(signal.slot(), [](error_code, mysql::connection) {})
        );
        while (silent.connections() < 1)
            run_one_watched(loop, 10ms);
    }
    signal.emit(asio::cancellation_type::all); // finds nobody
}
