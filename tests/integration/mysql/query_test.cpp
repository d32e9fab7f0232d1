#include "tests/integration/mysql/checks.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("query: rows over TCP and over the unix socket", "[mysql]") {
    const mariadb_server server;
    for (const auto& how :
         {to(server), to(server).unix_socket(server.socket_path().string()), to(server).host("localhost")}) {
        with_connection(server, how, [](mysql::connection& db) -> awaitable<> {
            auto all =
                co_await db.query("SELECT 1 AS one, 'zwei' AS two, NULL AS none UNION ALL SELECT 3, '', 'x'");
            REQUIRE(all.size() == 2);
            CHECK(all.columns() == std::vector<std::string>{"one", "two", "none"});
            CHECK(all[0]["one"].as<int>() == 1);
            CHECK(all[0]["two"].text() == "zwei");
            CHECK(all[0]["none"].is_null());
            CHECK(all[1]["two"].text() == "");
            CHECK_FALSE(all[1]["two"].is_null());
            CHECK(all[1]["none"].as<std::optional<std::string>>() == "x");
            co_await db.ping();
            co_await db.close();
        });
    }
}

TEST_CASE("query: no rows, and statements that have none", "[mysql]") {
    const mariadb_server server;
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto made =
            co_await db.query("CREATE TABLE car (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))");
        CHECK(made.empty());
        CHECK(made.columns().empty());
        auto empty = co_await db.query("SELECT id, name FROM car");
        CHECK(empty.empty());
        CHECK(empty.columns().size() == 2);
        CHECK(empty.affected_rows() == 0);
        auto inserted = co_await db.query("INSERT INTO car (name) VALUES ('a'), ('b'), ('c')");
        CHECK(inserted.affected_rows() == 3);
        CHECK(inserted.last_insert_id() == 1);
        auto updated = co_await db.query("UPDATE car SET name = 'z' WHERE id > 1");
        CHECK(updated.affected_rows() == 2);
        auto warned = co_await db.query("SELECT CAST('12x' AS SIGNED)");
        CHECK(warned.warnings() == 1);
        auto count = co_await db.query("SELECT COUNT(*) FROM car WHERE name = 'z'");
        CHECK(count[0][0].as<int>() == 2);
    });
}

TEST_CASE("query: text is UTF-8 in both directions, bytes are bytes", "[mysql]") {
    const mariadb_server server;
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        const std::string text = "Grüße, 世界 🚗";
        auto same =
            co_await db.query("SELECT '" + text + "' AS t, CHAR_LENGTH('" + text + "') AS n, HEX('🚗') AS h");
        CHECK(same[0]["t"].text() == text);
        CHECK(same[0]["n"].as<int>() == 11);
        CHECK(same[0]["h"].text() == "F09F9A97");
        auto bytes = co_await db.query("SELECT X'00FF10' AS b");
        CHECK(bytes[0]["b"].text() == std::string_view("\0\xff\x10", 3));
    });
}

TEST_CASE("query: a large value, and a large statement", "[mysql]") {
    const mariadb_server server(mariadb_options().config("max_allowed_packet=64M"));
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto large = co_await db.query("SELECT REPEAT('x', 1048576) AS v");
        CHECK(large[0]["v"].text() == std::string(1 << 20, 'x'));
        const std::string sent(5 << 20, 'y');
        auto back = co_await db.query("SELECT '" + sent + "'");
        CHECK(back[0][0].text() == sent);
    });
}

TEST_CASE("query: a hundred thousand rows, and the loop is never kept", "[mysql]") {
    const mariadb_server server;
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto all =
            co_await db.query("SELECT seq, REPEAT('r', 100), IF(seq % 2, NULL, seq) FROM seq_1_to_100000");
        REQUIRE(all.size() == 100'000);
        std::size_t n = 0, wrong = 0;
        for (const mysql::row r : all) {
            ++n;
            if (r[0].as<std::size_t>() != n || r[1].text().size() != 100 || r[2].is_null() != (n % 2 == 1))
                ++wrong;
            if (n % 5'000 == 0)
                co_await sleep_for(0s); // the test, not compiled for speed, must not stall the loop itself
        }
        CHECK(wrong == 0);
    });
}

TEST_CASE("query: many at once run one after the other, in their order", "[mysql]") {
    const mariadb_server server;
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        co_await db.query("SET @n = 0");
        std::vector<awaitable<mysql::rows>> all;
        for (int i = 1; i <= 200; ++i)
            all.push_back(db.query("SELECT @n := @n + 1 AS n, " + std::to_string(i) + " AS i"));
        auto answers = co_await gather(std::move(all));
        REQUIRE(answers.size() == 200);
        for (const auto& a : answers)
            CHECK(a[0]["n"].as<int>() == a[0]["i"].as<int>());
    });
}

TEST_CASE("query: a mistake in the SQL is told as the server says, and the connection lives on", "[mysql]") {
    const mariadb_server server;
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto wrong = co_await db.query("SELEKT * FROM 'hunter2'", nothrow);
        check_failure(wrong, condition::server, phase::receive, "", outcome::answered);
        CHECK(wrong.error().code() == error_code(1064, mysql::server_category()));
        CHECK_THAT(
            wrong.error().message(), containing("query \"SELEKT * FROM '…'\": the server says: You have an")
        );

        auto two = co_await db.query("SELECT 1; DROP TABLE x", nothrow);
        check_failure(two, condition::server, phase::receive, "", outcome::answered);
        auto none = co_await db.query("", nothrow);
        check_failure(none, condition::server, phase::receive, "", outcome::answered);
        auto in_the_middle = co_await db.query(
            "SELECT seq, (SELECT 1 UNION SELECT IF(seq = 50000, 2, 1)) FROM seq_1_to_100000", nothrow
        );
        check_failure(in_the_middle, condition::server, phase::receive, "", outcome::answered);
        auto user = co_await db.query("CREATE USER joe IDENTIFIED BY 'hunter2'", nothrow);
        check_failure(user, condition::server, phase::receive, "", outcome::answered);
        CHECK(user.error().message().find("hunter2") == std::string::npos);

        auto fine = co_await db.query("SELECT 'fine'");
        CHECK(fine[0][0].text() == "fine");
    });
}

TEST_CASE("query: files of the client are never sent", "[mysql]") {
    const mariadb_server server(mariadb_options().config("local-infile=1"));
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        co_await db.query("CREATE TABLE line (text VARCHAR(200))");
        auto refused = co_await db.query("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE line", nothrow);
        CHECK(refused.has_error());
    });
    CHECK(server.execute("SELECT * FROM oneloop.line").empty());
}

TEST_CASE("query: a procedure's first result, and everything behind it is read", "[mysql]") {
    const mariadb_server server;
    server.execute(
        "CREATE PROCEDURE oneloop.three() BEGIN SELECT 1 AS a; SELECT 2 AS b, 3 AS c; SELECT 4; END"
    );
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        for (int i = 0; i < 3; ++i) {
            auto first = co_await db.query("CALL three()");
            CHECK(first.columns() == std::vector<std::string>{"a"});
            REQUIRE(first.size() == 1);
            CHECK(first[0]["a"].as<int>() == 1);
            auto next = co_await db.query("SELECT 'mine'");
            CHECK(next[0][0].text() == "mine");
        }
    });
}

TEST_CASE("query: a result beyond max_result", "[mysql][limit]") {
    const mariadb_server server;
    with_connection(server, to(server).max_result(10'000), [](mysql::connection& db) -> awaitable<> {
        auto fits = co_await db.query("SELECT REPEAT('x', 9000)");
        CHECK(fits.size() == 1);
        auto large = co_await db.query("SELECT REPEAT('x', 100) FROM seq_1_to_1000000", nothrow);
        check_failure(large, condition::limit, phase::receive, "max_result 9.766 KiB", outcome::answered);
        auto after = co_await db.query("SELECT 1", nothrow);
        check_failure(after, condition::closed, phase::queue, "", outcome::not_sent);
        CHECK_THAT(after.error().message(), containing("connect anew"));
    });
}

TEST_CASE("query: a full queue", "[mysql][limit]") {
    const mariadb_server server;
    with_connection(server, to(server).max_queued(2), [](mysql::connection& db) -> awaitable<> {
        auto [one, two, three, four] = co_await gather(
            db.query("SELECT SLEEP(0.05)", nothrow), db.query("SELECT 2", nothrow),
            db.query("SELECT 3", nothrow), db.query("SELECT 4", nothrow)
        );
        CHECK(one);
        CHECK(two);
        CHECK(three);
        check_failure(four, condition::limit, phase::queue, "max_queued 2", outcome::not_sent);
    });
}

TEST_CASE("query: close waits for what was accepted, and takes nothing more", "[mysql]") {
    const mariadb_server server;
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto slow = tasks.spawn(db.query("SELECT SLEEP(0.05)", nothrow));
            auto second = tasks.spawn(db.query("SELECT 2", nothrow));
            co_await until_it_runs(server, "SELECT SLEEP");
            auto closed = tasks.spawn(db.close());
            co_await sleep_for(0s);
            auto late = co_await db.query("SELECT 3", nothrow);
            check_failure(late, condition::closed, phase::queue, "", outcome::not_sent);
            co_await closed.get();
            auto one = co_await slow.get();
            CHECK(one);
            auto two = co_await second.get();
            CHECK(two);
        });
        co_await db.close(); // again
    });
    CHECK(server.processlist().empty());
}

TEST_CASE("query: an empty connection says so", "[mysql]") {
    mysql::connection none;
    CHECK_THROWS_AS(static_cast<void>(none.query("SELECT 1", nothrow)), error);
}
