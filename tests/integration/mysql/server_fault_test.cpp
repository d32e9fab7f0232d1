#include "tests/integration/mysql/checks.hpp"
#include "tests/integration/mysql/rude_server.hpp"

#include <csignal>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("mysql fault: a server that hangs is left after query_timeout", "[mysql][fault]") {
    mariadb_server server;
    with_connection(server, to(server).query_timeout(150ms), [&](mysql::connection& db) -> awaitable<> {
        server.signal(SIGSTOP);
        auto [late, behind] = co_await gather(db.query("SELECT SLEEP(20)", nothrow), db.ping(nothrow));
        check_failure(late, condition::timeout, phase::first_byte, "query_timeout 150 ms", outcome::in_doubt);
        check_failure(behind, condition::closed, phase::queue, "", outcome::not_sent);
        auto connect = co_await mysql::connect(db.get_executor(), to(server).connect_timeout(100ms), nothrow);
        check_failure(connect, condition::timeout, phase::auth, "connect_timeout 100 ms", outcome::not_sent);
        co_await db.close();
        server.signal(SIGCONT);
        auto again = co_await mysql::connect(db.get_executor(), to(server));
        auto fine = co_await again.query("SELECT 1");
        CHECK(fine.size() == 1);
    });
}

TEST_CASE("mysql fault: a query that waits too long for those before it", "[mysql][fault]") {
    const mariadb_server server;
    with_connection(server, to(server).queue_timeout(50ms), [](mysql::connection& db) -> awaitable<> {
        auto [slow, waits] =
            co_await gather(db.query("SELECT SLEEP(0.2)", nothrow), db.query("SELECT 2", nothrow));
        CHECK(slow);
        check_failure(waits, condition::timeout, phase::queue, "queue_timeout 50 ms", outcome::not_sent);
        auto fine = co_await db.query("SELECT 3");
        CHECK(fine.size() == 1);
    });
}

TEST_CASE(
    "mysql fault: a server that is killed in the middle of a query, and starts again", "[mysql][fault]"
) {
    mariadb_server server;
    run_test([&]() -> awaitable<> {
        auto db = co_await mysql::connect(co_await this_coro::executor, to(server));
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto slow = tasks.spawn(db.query("SELECT SLEEP(20)", nothrow));
            co_await until_it_runs(server, "SELECT SLEEP");
            co_await run_blocking([&] { server.kill(); });
            auto r = co_await slow.get();
            check_failure(r, condition::network, phase::first_byte, "", outcome::in_doubt);
        });
        auto lost = co_await db.query("SELECT 1", nothrow);
        check_failure(lost, condition::closed, phase::queue, "", outcome::not_sent);
        auto dead = co_await mysql::connect(db.get_executor(), to(server), nothrow);
        check_failure(dead, condition::network, phase::connect, "", outcome::not_sent);
        co_await run_blocking([&] { server.start(); });
        db = co_await mysql::connect(db.get_executor(), to(server));
        auto fine = co_await db.query("SELECT 'fine'");
        CHECK(fine[0][0].text() == "fine");
    });
}

TEST_CASE(
    "mysql fault: a connection that the server has ended is noticed before a query is sent", "[mysql][fault]"
) {
    const mariadb_server server;
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        auto id = co_await db.query("SELECT CONNECTION_ID()");
        const std::string kill = "KILL " + std::string(id[0][0].text());
        co_await run_blocking([&] { server.execute(kill); });
        co_await until([&] { return server.processlist().empty(); });
        auto r = co_await db.query("SELECT 1", nothrow);
        check_failure(r, condition::closed, phase::send, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("connect anew"));
    });
}

TEST_CASE("mysql fault: killed in the middle of rows", "[mysql][fault]") {
    const mariadb_server server;
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        auto id = co_await db.query("SELECT CONNECTION_ID()");
        const std::string mine(id[0][0].text());
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto many = tasks.spawn(db.query(
                "SELECT seq, REPEAT('r', 1000), IF(seq > 20000, SLEEP(20), 0) FROM seq_1_to_100000", nothrow
            ));
            co_await until_it_sleeps(server, "SELECT seq");
            co_await run_blocking([&] { server.execute("KILL " + mine); });
            auto r = co_await many.get();
            REQUIRE(r.has_error());
            INFO(r.error().message());
            CHECK(r.error().outcome() == outcome::answered);
            CHECK(r.error().phase() == phase::receive);
        });
        auto after = co_await db.query("SELECT 1", nothrow);
        CHECK(after.error() == condition::closed);
    });
}

TEST_CASE("mysql fault: a query killed by another, and the connection lives on", "[mysql][fault]") {
    const mariadb_server server;
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        auto id = co_await db.query("SELECT CONNECTION_ID()");
        const std::string mine(id[0][0].text());
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto slow =
                tasks.spawn(db.query("SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b", nothrow));
            co_await until_it_runs(server, "SELECT COUNT");
            co_await run_blocking([&] { server.execute("KILL QUERY " + mine); });
            auto r = co_await slow.get();
            check_failure(r, condition::server, phase::receive, "", outcome::answered);
            CHECK(r.error().code() == error_code(1317, mysql::server_category()));
        });
        auto fine = co_await db.query("SELECT 'fine'");
        CHECK(fine[0][0].text() == "fine");
    });
}

namespace {

mysql::options at(const tcp_server& server) {
    return mysql::options().port(server.port()).user("oneloop").password("secret");
}

// What the first query gives against a server of this script; afterwards the connection must be lost.
void query_fails(script rude, condition what, phase where, outcome how) {
    const tcp_server server(std::move(rude));
    run_test([&]() -> awaitable<> {
        auto db = co_await mysql::connect(co_await this_coro::executor, at(server).query_timeout(2s));
        auto r = co_await db.query("SELECT 'mine'", nothrow);
        check_failure(r, what, where, "", how);
        auto after = co_await db.query("SELECT 2", nothrow);
        CHECK(after.error() == condition::closed);
    });
}

} // namespace

TEST_CASE(
    "mysql fault: an answer that nobody has asked for is never the next one's", "[mysql][fault][rude]"
) {
    const tcp_server server(
        rude_login().expect("first").send(text_result("one") + text_result("another's")).hang()
    );
    run_test([&]() -> awaitable<> {
        auto db = co_await mysql::connect(co_await this_coro::executor, at(server));
        auto first = co_await db.query("SELECT 'first'");
        CHECK(first[0][0].text() == "one");
        auto second = co_await db.query("SELECT 'second'", nothrow);
        check_failure(second, condition::closed, phase::send, "", outcome::not_sent);
    });
}

TEST_CASE("mysql fault: a connection that breaks in the middle of an answer", "[mysql][fault][rude]") {
    const std::string whole = text_result("a value");
    query_fails(
        rude_login().expect("mine").send(whole.substr(0, whole.size() - 12)), condition::network,
        phase::receive, outcome::answered
    );
    query_fails(rude_login().expect("mine"), condition::network, phase::first_byte, outcome::in_doubt);
    query_fails(
        rude_login().expect("mine").send(whole.substr(0, 3)), condition::network, phase::receive,
        outcome::answered
    );
}

TEST_CASE("mysql fault: answers that are none", "[mysql][fault][rude]") {
    query_fails(
        rude_login().expect("mine").send(packet(1, "\x01") + packet(2, "nonsense")).hang(),
        condition::protocol, phase::receive, outcome::answered
    );
    // A row whose value is longer than its packet
    query_fails(
        rude_login().expect("mine").send(column_v() + packet(4, std::string("\x20") + "short")).hang(),
        condition::protocol, phase::receive, outcome::answered
    );
}

TEST_CASE("mysql fault: a server that asks for a file gets none", "[mysql][fault][rude]") {
    const tcp_server server(rude_login().expect("mine").send(packet(1, "\xfb/etc/hostname")).hang());
    run_test([&]() -> awaitable<> {
        auto db = co_await mysql::connect(co_await this_coro::executor, at(server).query_timeout(500ms));
        auto r = co_await db.query("SELECT 'mine'", nothrow);
        CHECK(r.has_error());
        INFO(r.error().message());
        CHECK_FALSE(r.error() == condition::server);
    });
    for (const auto& request : server.requests())
        CHECK(request.bytes.find(read_file("/etc/hostname")) == std::string::npos);
}

TEST_CASE("mysql fault: a server that asks to see the password does not", "[mysql][fault][rude]") {
    for (const std::string plugin :
         {"mysql_clear_password", "dialog", "client_ed25519", "caching_sha2_password"}) {
        INFO(plugin);
        const tcp_server server(
            script()
                .send(greeting())
                .expect("mysql_native_password")
                .send(packet(2, "\xfe" + plugin + std::string(1, '\0') + std::string(20, 's')))
                .expect("secret")
        );
        run_test([&]() -> awaitable<> {
            auto r = co_await mysql::connect(co_await this_coro::executor, at(server), nothrow);
            check_failure(r, condition::protocol, phase::auth, "", outcome::not_sent);
            CHECK_THAT(r.error().message(), containing("the server asks for a way to log in"));
        });
    }
}

TEST_CASE("mysql fault: an error in place of a greeting", "[mysql][fault][rude]") {
    const tcp_server server(script().send(packet(0, "\xff\x10\x04Too many connections")));
    run_test([&]() -> awaitable<> {
        auto r = co_await mysql::connect(co_await this_coro::executor, at(server), nothrow);
        check_failure(r, condition::server, phase::auth, "", outcome::not_sent);
        CHECK(r.error().code() == error_code(1040, mysql::server_category()));
    });
}
