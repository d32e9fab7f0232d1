// What a procedure, a careless borrower, a silent socket or an early end could do to a connection, and does
// not.

#include "tests/integration/mysql/checks.hpp"
#include "tests/integration/mysql/rude_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/strand.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
using namespace std::string_literals;
namespace asio = boost::asio;

TEST_CASE("mysql: neither role nor database is handed on by a pool", "[mysql][pool][hardening]") {
    const mariadb_server server;
    server.execute("CREATE ROLE boss; GRANT boss TO oneloop@'%'");
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server).database(""), pool_options().max_size(1));
        {
            auto first = co_await pool.acquire();
            co_await first->query("SET ROLE boss");
            co_await first->query("SET SESSION session_track_schema = OFF"
            ); // the library will not hear of it
            co_await first->query("USE information_schema");
            co_await first->query("SET NAMES latin1");
        }
        auto next = co_await pool.acquire();
        auto state = co_await next->query("SELECT CURRENT_ROLE(), DATABASE(), @@character_set_client");
        INFO("role " << state[0][0].text());
        CHECK(state[0][0].is_null());
        CHECK(state[0][1].is_null());
        CHECK(state[0][2].text() == "utf8mb4");
        CHECK(pool.stats().opened == 1);
    });
}

TEST_CASE("mysql: a default role is there again for the next borrower", "[mysql][pool][hardening]") {
    const mariadb_server server;
    server.execute("CREATE ROLE boss; GRANT boss TO oneloop@'%'; SET DEFAULT ROLE boss FOR oneloop@'%'");
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::pool pool(loop, to(server), pool_options().max_size(1));
        auto lease = co_await pool.acquire();
        co_await lease->query("SET ROLE NONE");
        lease.give_back();
        lease = co_await pool.acquire();
        auto state = co_await lease->query("SELECT CURRENT_ROLE()");
        CHECK(state[0][0].text() == "boss");
        CHECK(pool.stats().opened == 1);
    });
}

TEST_CASE(
    "mysql: twenty thousand results of one procedure are read, in as little stack as one",
    "[mysql][hardening]"
) {
    const mariadb_server server;
    server.execute(
        "CREATE PROCEDURE many(IN n INT) BEGIN WHILE n > 0 DO SELECT n; SET n = n - 1; END WHILE; END"
    );
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto text = co_await db.query("CALL many(20000)");
        CHECK(text[0][0].as<int>() == 20'000); // the first result is the one that is given
        auto bound = co_await db.query("CALL many(?)", 20'000);
        CHECK(bound[0][0].as<int>() == 20'000);
        auto next = co_await db.query("SELECT 'next'");
        CHECK(next[0][0].text() == "next");
    });
}

TEST_CASE("mysql: a server with results without end is left at query_timeout", "[mysql][hardening][rude]") {
    std::string more;
    for (int i = 0; i < 100'000; ++i)
        more += packet(1, "\0\0\0\x0a\0\0\0"s); // OK, and there are more
    const tcp_server rude(rude_login().expect("SELECT").send(more).hang());
    run_test([&]() -> awaitable<> {
        auto there = mysql::options().user("u").port(rude.port()).query_timeout(1s);
        auto db = co_await mysql::connect(co_await this_coro::executor, there);
        auto answer = co_await db.query("SELECT 1", nothrow);
        check_failure(answer, condition::timeout, phase::receive, "query_timeout 1 s", outcome::answered);
    });
}

TEST_CASE(
    "mysql: connects that were given up at a silent socket leave their threads to others",
    "[mysql][hardening]"
) {
    const mariadb_server server;
    const temp_dir dir;
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        const std::string path = (dir.path() / "silent").string();
        asio::local::stream_protocol::acceptor silent(loop, asio::local::stream_protocol::endpoint(path));
        std::vector<asio::cancellation_signal> stop(8); // as many as there are threads
        int ended = 0;
        for (auto& s : stop) {
            auto how = mysql::options().user("u").unix_socket(path).connect_timeout(1h);
            mysql::connect(
                loop, how,
                asio::bind_cancellation_slot(s.slot(), [&](error_code, mysql::connection) { ++ended; })
            );
        }
        std::vector<asio::local::stream_protocol::socket> accepted;
        while (accepted.size() < stop.size()) {
            auto one = co_await silent.async_accept(asio::use_awaitable);
            accepted.push_back(std::move(one));
        }
        for (auto& s : stop)
            s.emit(asio::cancellation_type::all);
        auto db = co_await mysql::connect(loop, to(server)); // with its own limit of 10 s
        co_await db.ping();
        CHECK(ended == 8);
    });
}

TEST_CASE("mysql: a strand's context may end while its connect waits for a thread", "[mysql][hardening]") {
    const tcp_server silent(script().hang());
    auto nobody = [](error_code, mysql::connection) {};
    const auto there = mysql::options().user("u").port(silent.port());
    auto first = std::make_unique<asio::io_context>(1);
    for (int i = 0; i < 8; ++i)
        mysql::connect(first->get_executor(), there, nobody);
    while (silent.connections() < 8)
        run_one_watched(*first, 10ms);
    {
        asio::io_context second(1);
        mysql::connect(asio::make_strand(second), there, nobody);
        while (second.poll_one() > 0) {
        }
    }
    first.reset(); // its threads come to the ninth, if it is still there
    const mariadb_server server;
    with_connection(server, [](mysql::connection& db) -> awaitable<> { co_await db.ping(); });
}
