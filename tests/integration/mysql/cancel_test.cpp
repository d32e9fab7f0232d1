#include "tests/integration/mysql/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/step_cancel.hpp"
#include "tests/support/tcp_server.hpp"

#include <random>
#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

const auto all_of_it = step_cancel_options().heap_growth(4 << 20);

// A query that is cancelled when `so_far` says so, and what became of it.
awaitable<result<mysql::rows>> cancel_when(
    mysql::connection& db, std::string sql, std::function<bool()> so_far
) {
    result<mysql::rows> answer = failure(errc::closed);
    co_await with_task_group([&](task_group& tasks) -> awaitable<> {
        boost::asio::cancellation_signal signal;
        auto token = boost::asio::bind_cancellation_slot(signal.slot(), nothrow);
        auto query = tasks.spawn(db.query(sql, token));
        co_await until(so_far);
        signal.emit(boost::asio::cancellation_type::terminal);
        answer = co_await query.get();
    });
    co_return answer;
}

} // namespace

TEST_CASE("mysql cancel: after the k-th handler of connecting", "[mysql][cancel]") {
    const mariadb_server server;
    warm_up(server);
    const auto steps = step_cancel(
        [&](boost::asio::io_context& loop) {
            return [&loop, how = to(server)](auto token) {
                mysql::connect(loop.get_executor(), how, std::move(token));
            };
        },
        all_of_it
    );
    CHECK(steps >= 1);
}

TEST_CASE("mysql cancel: after the k-th handler of connecting by name, with TLS", "[mysql][cancel][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const mariadb_server server(mariadb_options().tls(authority.issue("good")));
    warm_up(server);
    const auto how =
        to(server).host("localhost").tls(tls_options().trust_file(authority.certificate().string()));
    const auto steps = step_cancel(
        [&](boost::asio::io_context& loop) {
            return [&loop, how](auto token) { mysql::connect(loop.get_executor(), how, std::move(token)); };
        },
        all_of_it
    );
    CHECK(steps >= 1);
}

TEST_CASE("mysql cancel: after the k-th handler of connect, query and close", "[mysql][cancel]") {
    const mariadb_server server;
    warm_up(server);
    const auto steps = step_cancel_awaitable(
        [&](executor loop) {
            return [](executor here, mysql::options how) -> awaitable<> {
                auto db = co_await mysql::connect(here, how);
                auto all = co_await db.query("SELECT seq, REPEAT('r', 500) FROM seq_1_to_2000");
                if (all.size() != 2000)
                    throw std::runtime_error("rows are missing");
                co_await db.ping();
                co_await db.close();
            }(loop, to(server));
        },
        all_of_it
    );
    CHECK(steps >= 5);
    run_test([&]() -> awaitable<> { co_await until([&] { return server.processlist().empty(); }); });
}

TEST_CASE("mysql cancel: a query in the queue costs nothing", "[mysql][cancel][queue]") {
    const mariadb_server server;
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        co_await db.query("SET @executed = 0");
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto running = tasks.spawn(db.query("SELECT SLEEP(0.1)"));
            auto queued = tasks.spawn(db.query("SELECT @executed := 1", nothrow));
            auto behind = tasks.spawn(db.query("SELECT 'behind'"));
            co_await until_it_runs(server, "SELECT SLEEP");
            queued.cancel();
            auto r = co_await queued.get();
            check_failure(r, condition::cancelled, phase::queue, "", outcome::not_sent);
            auto one = co_await running.get();
            CHECK(one.size() == 1);
            auto two = co_await behind.get();
            CHECK(two[0][0].text() == "behind");
        });
        auto executed = co_await db.query("SELECT @executed");
        CHECK(executed[0][0].text() == "0");
    });
}

TEST_CASE("mysql cancel: a running query completes at once, and its connection is lost", "[mysql][cancel]") {
    const mariadb_server server;
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto behind = tasks.spawn([](mysql::connection& c) -> awaitable<result<mysql::rows>> {
                co_await sleep_for(0s);
                co_return co_await c.query("SELECT 'behind'", nothrow);
            }(db));
            auto r = co_await cancel_when(db, "SELECT SLEEP(20)", [&] {
                const auto list = server.processlist();
                return list.size() == 1 && list[0][4].starts_with("SELECT SLEEP");
            });
            check_failure(r, condition::cancelled, phase::first_byte, "", outcome::in_doubt);
            CHECK_THAT(r.error().message(), containing("query \"SELECT SLEEP(20)\""));
            auto next = co_await behind.get();
            check_failure(next, condition::closed, phase::queue, "", outcome::not_sent);
            CHECK_THAT(next.error().message(), containing("connect anew"));
        });
        auto later = co_await db.ping(nothrow);
        check_failure(later, condition::closed, phase::queue, "", outcome::not_sent);
        co_await db.close();
        // The server notices the next time it looks
        auto again = co_await mysql::connect(db.get_executor(), to(server));
        auto fine = co_await again.query("SELECT 'fine'");
        CHECK(fine[0][0].text() == "fine");
    });
}

TEST_CASE("mysql cancel: a thousand random ones, and nobody gets another's answer", "[mysql][cancel]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        std::minstd_rand chance(4711);
        std::size_t answered = 0, cancelled = 0, wrong = 0;
        auto db = co_await mysql::connect(loop, to(server));
        for (int i = 0; i < 1000; ++i) {
            const std::string mine = std::to_string(i);
            const auto patience = std::chrono::microseconds(chance() % 600);
            auto r = co_await timeout(
                patience,
                db.query("SELECT " + mine + ", REPEAT('" + mine + "', 2000) FROM seq_1_to_20", nothrow)
            );
            if (r) {
                ++answered;
                for (const mysql::row row : *r)
                    wrong += row[0].text() != mine || !row[1].text().starts_with(mine);
                continue;
            }
            ++cancelled;
            CHECK(r.error() == condition::timeout);
            if (auto alive = co_await db.query("SELECT " + mine, nothrow); alive)
                wrong += (*alive)[0][0].text() != mine;
            else
                db = co_await mysql::connect(loop, to(server));
        }
        CHECK(wrong == 0);
        CHECK(answered > 0);
        CHECK(cancelled > 0);
    });
}

TEST_CASE("mysql cancel: the connection destroyed with queries in flight", "[mysql][cancel]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        auto db = co_await mysql::connect(loop, to(server));
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto running = tasks.spawn(db.query("SELECT SLEEP(20)", nothrow));
            auto queued = tasks.spawn(db.query("SELECT 2", nothrow));
            co_await until_it_runs(server, "SELECT SLEEP");
            db = mysql::connection();
            auto one = co_await running.get();
            check_failure(one, condition::closed, phase::first_byte, "", outcome::in_doubt);
            auto two = co_await queued.get();
            check_failure(two, condition::closed, phase::queue, "", outcome::not_sent);
        });
    });
}

TEST_CASE("mysql cancel: while connecting, wherever it is", "[mysql][cancel]") {
    const mariadb_server server;
    const black_hole hole;
    const tcp_server silent(script().hang());
    with_server(server, [&](executor loop) -> awaitable<> {
        for (const auto port : {hole.port(), silent.port()}) {
            const auto how = mysql::options().user("oneloop").password("secret").port(port);
            failure story;
            boost::asio::cancellation_signal signal;
            bool told = false;
            mysql::connect(
                loop, how,
                with_failure(
                    story, boost::asio::bind_cancellation_slot(
                               signal.slot(), [&](error_code, const auto&) { told = true; }
                           )
                )
            );
            co_await until([&] { return port == hole.port() || silent.connections() == 1; });
            signal.emit(boost::asio::cancellation_type::all);
            while (!told)
                co_await sleep_for(0s);
            INFO(story.message());
            CHECK(story == condition::cancelled);
            CHECK(story.outcome() == outcome::not_sent);
            CHECK_THAT(story.message(), containing("connect mysql://oneloop@127.0.0.1"));
        }
    });
}
