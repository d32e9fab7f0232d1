#include "tests/integration/mysql/checks.hpp"
#include "tests/integration/mysql/rude_server.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/step_cancel.hpp"

#include <limits>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// Statements that the server holds for all its connections together.
std::string prepared_statements(const mariadb_server& server) {
    return server.execute("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'").at(0).at(1);
}

// The same rows with and without a parameter in the statement, which decides about the protocol.
awaitable<std::size_t> compare(mysql::connection& db, std::string select) {
    auto text = co_await db.query(select + " WHERE 1 = 1");
    auto prepared = co_await db.query(select + " WHERE ? = 1", 1);
    CHECK(text.columns() == prepared.columns());
    REQUIRE(text.size() == prepared.size());
    for (std::size_t r = 0; r < text.size(); ++r)
        for (std::size_t c = 0; c < text.columns().size(); ++c) {
            INFO(text.columns()[c]);
            CHECK(text[r][c].is_null() == prepared[r][c].is_null());
            CHECK(text[r][c].text() == prepared[r][c].text());
        }
    co_return text.size();
}

} // namespace

TEST_CASE("mysql parameters: every type there and back", "[mysql][parameters]") {
    const mariadb_server server;
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        const std::string nul("a\0b", 3);
        const std::byte raw[] = {std::byte{0}, std::byte{0xff}, std::byte{'\''}};
        const std::span<const std::byte> bytes(raw);
        auto text = co_await db.query(
            "SELECT ?, ?, ?, ?, HEX(?), ?", "literal", std::string("string"), std::string_view("view"), nul,
            bytes, ""
        );
        CHECK(text[0][0].text() == "literal");
        CHECK(text[0][1].text() == "string");
        CHECK(text[0][2].text() == "view");
        CHECK(text[0][3].text() == nul);
        CHECK(text[0][4].text() == "00FF27");
        CHECK(text[0][5].text() == "");
        CHECK_FALSE(text[0][5].is_null());
        constexpr auto least = std::numeric_limits<std::int64_t>::min();
        constexpr auto most = std::numeric_limits<std::uint64_t>::max();
        const std::int8_t small = -7;
        const std::uint8_t byte = 200;
        auto numbers = co_await db.query(
            "SELECT ?, ?, ?, ?, ?, ?, ?, ?", least, most, small, byte, true, false, 0.1, 0.1f
        );
        CHECK(numbers[0][0].as<std::int64_t>() == least);
        CHECK(numbers[0][1].as<std::uint64_t>() == most);
        CHECK(numbers[0][2].text() == "-7");
        CHECK(numbers[0][3].text() == "200");
        CHECK(numbers[0][4].text() == "1");
        CHECK(numbers[0][5].text() == "0");
        CHECK(numbers[0][6].text() == "0.1");
        CHECK(numbers[0][7].as<float>() == 0.1f);
        const std::optional<int> none, some = 5;
        const std::optional<std::string> word = "word";
        auto nulls = co_await db.query("SELECT ?, ?, ?, ?, ?", nullptr, std::nullopt, none, some, word);
        for (std::size_t i = 0; i < 3; ++i)
            CHECK(nulls[0][i].is_null());
        CHECK(nulls[0][3].text() == "5");
        CHECK(nulls[0][4].text() == "word");
        co_await until([&] { return prepared_statements(server) == "0"; }); // forgetting one is not answered
    });
}

TEST_CASE("mysql parameters: fields hold the text of the text protocol", "[mysql][parameters]") {
    const mariadb_server server(mariadb_options().config("sql-mode="));
    server.execute(
        "CREATE TABLE kind (t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT, mu MEDIUMINT UNSIGNED, "
        "i INT, "
        "z INT(9) ZEROFILL, b BIGINT, bu BIGINT UNSIGNED, y YEAR, f FLOAT, ff FLOAT(9,3), d DOUBLE, dd "
        "DOUBLE(20,4), "
        "de DECIMAL(30,10), da DATE, ti TIME, ti3 TIME(3), dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP(6) "
        "NULL, bi "
        "BIT(12), e ENUM('a','b'), st SET('x','y'), c CHAR(5), v VARCHAR(20), bl BLOB, vb VARBINARY(5), j "
        "JSON, u "
        "UUID, ip INET6);"
        "INSERT INTO kind VALUES (-128, 255, -32768, -8388608, 16777215, -2147483648, 42, "
        "-9223372036854775808, "
        "18446744073709551615, 1999, 1.5e10, 123.4567, 1e300, -1234.5, '-12345678901234567890.5', "
        "'2024-02-29', "
        "'-838:59:59', '01:02:03.456', '2024-02-29 23:59:59', '2024-02-29 23:59:59.000001', '2024-02-29 "
        "12:00:00.123456', b'101010101010', 'b', 'x,y', 'ab', 'grün 🚗', X'00ff00', X'00', '{\"a\": 1}', "
        "UUID(), "
        "'::1');"
        "INSERT INTO kind VALUES (0, 0, 0, 0, 0, 0, 1234567890, 0, 0, 0, 0, 0, 0, 0, 0, '0000-00-00', "
        "'00:00:00', "
        "'00:00:00', '0000-00-00', '0001-01-01', '1970-01-01 12:00:00', b'0', 'a', '', '', '', '', '', '0', "
        "'00000000-0000-0000-0000-000000000000', '::');"
        "INSERT INTO kind (t) VALUES (NULL);"
        "CREATE TABLE number (d DOUBLE, f FLOAT);"
        "INSERT INTO number SELECT 1.2345678901234567 * POW(10, seq) / 1e30, 1.23456789 * POW(10, seq) / "
        "1e30 "
        "FROM seq_0_to_60;"
        "INSERT INTO number SELECT -POW(10, seq) / 1e30, POW(10, seq) / 1e30 FROM seq_0_to_60;"
        "INSERT INTO number SELECT (RAND(seq) - 0.5) * POW(10, seq % 40) / 1e20, RAND(seq) * POW(10, seq % "
        "40) "
        "/ 1e20 FROM seq_1_to_500;"
        "INSERT INTO number VALUES (1.7976931348623157e308, 3.4e38), (2.2250738585072014e-308, 1e-37), "
        "(16777217, "
        "16777217), (999999999999999, 999999.5), (1e15, 1e15), (1234567890123456, 1), (9007199254740991, 1), "
        "(12345678901234567, 1), (1234567890123450, 1), (1234567890123456.5, 1), (123456789012345678, "
        "123456789)"
    );
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto kinds = co_await compare(db, "SELECT * FROM kind");
        CHECK(kinds == 3);
        auto numbers = co_await compare(db, "SELECT * FROM number");
        CHECK(numbers == 633);
        auto sums = co_await compare(
            db, "SELECT 1 + 1, 1 / 3, NOW(), MAX(d), AVG(f), SUM(d) / 7, COUNT(*), NULL, 'text' FROM number"
        );
        CHECK(sums == 1);
    });
}

TEST_CASE("mysql parameters: a value never becomes a part of the statement", "[mysql][parameters]") {
    const mariadb_server server;
    server.execute(
        "CREATE TABLE word (w VARCHAR(100)) CHARACTER SET utf8mb4; INSERT INTO word VALUES ('kept')"
    );
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        for (const std::string evil :
             {"' OR '1' = '1", "\\' OR 1=1 -- ", "x'; DROP TABLE word; --", "\xbf' OR 1=1 #", "?", "%",
              "\"`;\n\\"}) {
            auto found = co_await db.query("SELECT w FROM word WHERE w = ?", evil);
            CHECK(found.empty());
            auto same = co_await db.query("SELECT CAST(? AS BINARY)", evil);
            CHECK(same[0][0].text() == evil);
        }
        const std::string cars = "Grüße, 世界 🚗";
        auto added = co_await db.query("INSERT INTO word VALUES (?)", cars);
        CHECK(added.affected_rows() == 1);
        auto found = co_await db.query("SELECT w, CHAR_LENGTH(w) FROM word WHERE w = ?", cars);
        REQUIRE(found.size() == 1);
        CHECK(found[0][0].text() == cars);
        CHECK(found[0][1].text() == "11");
    });
}

TEST_CASE("mysql parameters: counts, RETURNING and procedures", "[mysql][parameters]") {
    const mariadb_server server;
    server.execute(
        "CREATE TABLE car (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) UNIQUE, wheels INT);"
        "CREATE PROCEDURE twice(x INT) BEGIN SELECT x AS a; SELECT 2 * x, 'more'; SELECT * FROM car; END;"
        "CREATE PROCEDURE made(IN x INT, OUT y INT) SET y = 3 * x;"
        "CREATE PROCEDURE breaks(x INT) BEGIN SELECT x; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken'; "
        "END"
    );
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        auto added =
            co_await db.query("INSERT INTO car (name, wheels) VALUES (?, ?), (?, ?)", "a", 4, "b", nullptr);
        CHECK(added.affected_rows() == 2);
        CHECK(added.last_insert_id() == 1);
        CHECK(added.columns().empty());
        auto back = co_await db.query("INSERT INTO car (name) VALUES (?) RETURNING id, name", "c");
        CHECK(back[0]["id"].as<int>() == 3);
        CHECK(back[0]["name"].text() == "c");
        auto changed = co_await db.query("UPDATE car SET wheels = ? WHERE id > ?", 3, 1);
        CHECK(changed.affected_rows() == 2);
        auto warned = co_await db.query("SELECT CAST(? AS SIGNED)", "12x");
        CHECK(warned[0][0].text() == "12");
        CHECK(warned.warnings() == 1);
        auto empty = co_await db.query("SELECT id FROM car WHERE name = ?", "none");
        CHECK(empty.empty());
        CHECK(empty.columns() == std::vector<std::string>{"id"});
        for (int i = 0; i < 3; ++i) {
            auto first = co_await db.query("CALL twice(?)", i);
            CHECK(first.columns() == std::vector<std::string>{"a"});
            CHECK(first[0]["a"].as<int>() == i);
        }
        auto out = co_await db.query("CALL made(?, ?)", 14, nullptr);
        CHECK(out[0][0].text() == "42");
        auto broken = co_await db.query("CALL breaks(?)", 1, nothrow);
        check_failure(broken, condition::server, phase::receive, "", outcome::answered);
        CHECK_THAT(broken.error().message(), containing("broken"));
        auto next = co_await db.query("SELECT 'mine'");
        CHECK(next[0][0].text() == "mine");
        co_await until([&] { return prepared_statements(server) == "0"; }); // forgetting one is not answered
    });
}

TEST_CASE("mysql parameters: values of megabytes, and a hundred thousand rows", "[mysql][parameters]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const mariadb_server server(
        mariadb_options().tls(authority.issue("good")).config("max_allowed_packet=64M")
    );
    const auto tls =
        to(server).host("localhost").tls(tls_options().trust_file(authority.certificate().string()));
    const auto body = [](mysql::connection& db) -> awaitable<> {
        const std::string large(5 << 20, 'y');
        auto back = co_await db.query("SELECT ?, CHAR_LENGTH(?), 'behind'", large, large);
        CHECK(back[0][0].text() == large);
        CHECK(back[0][1].as<std::size_t>() == large.size());
        CHECK(back[0][2].text() == "behind");
        auto all = co_await db.query(
            "SELECT seq, REPEAT(?, 100), IF(seq % 2, NULL, seq) FROM seq_1_to_100000", std::string("r")
        );
        REQUIRE(all.size() == 100'000);
        std::size_t n = 0, wrong = 0;
        for (const mysql::row r : all) {
            ++n;
            if (r[0].as<std::size_t>() != n || r[1].text().size() != 100 || r[2].is_null() != (n % 2 == 1))
                ++wrong;
            if (n % 5'000 == 0)
                co_await sleep_for(0s);
        }
        CHECK(wrong == 0);
    };
    with_connection(server, body);
    with_connection(server, tls, body);
}

TEST_CASE("mysql parameters: mistakes cost nothing, and no text shows a value", "[mysql][parameters]") {
    const mariadb_server server;
    server.execute("CREATE TABLE one (id INT PRIMARY KEY, word VARCHAR(20)); INSERT INTO one VALUES (1, 'x')"
    );
    with_connection(server, [&](mysql::connection& db) -> awaitable<> {
        auto many = co_await db.query("INSERT INTO one VALUES (?, ?)", 2, "hunter2", 3, nothrow);
        check_failure(many, condition::argument, phase::send, "", outcome::not_sent);
        CHECK_THAT(many.error().message(), containing("the statement has 2 parameters, 3 were given"));
        CHECK(many.error().message().find("hunter2") == std::string::npos);
        auto few = co_await db.query("INSERT INTO one VALUES (?, ?)", 2, nothrow);
        CHECK_THAT(few.error().message(), containing("the statement has 2 parameters, 1 was given"));
        auto none = co_await db.query("DELETE FROM one", 2, nothrow);
        CHECK_THAT(none.error().message(), containing("the statement has 0 parameters, 1 was given"));
        auto wrong = co_await db.query("SELEKT ?", "hunter2", nothrow);
        check_failure(wrong, condition::server, phase::receive, "", outcome::answered);
        CHECK(wrong.error().code() == error_code(1064, mysql::server_category()));
        CHECK_THAT(wrong.error().message(), containing("query \"SELEKT ?\": the server says: You have an"));
        CHECK(wrong.error().message().find("hunter2") == std::string::npos);
        auto twice = co_await db.query("INSERT INTO one VALUES (?, ?)", 1, "hunter2", nothrow);
        check_failure(twice, condition::server, phase::receive, "", outcome::answered);
        CHECK(twice.error().code() == error_code(1062, mysql::server_category()));
        CHECK(twice.error().message().find("hunter2") == std::string::npos);
        auto in_the_middle = co_await db.query(
            "SELECT seq, (SELECT 1 UNION SELECT IF(seq = ?, 2, 1)) FROM seq_1_to_100000", 50'000, nothrow
        );
        check_failure(in_the_middle, condition::server, phase::receive, "", outcome::answered);
        auto rows = co_await db.query("SELECT COUNT(*) FROM one WHERE id < ?", 100);
        CHECK(rows[0][0].text() == "1");
        co_await until([&] { return prepared_statements(server) == "0"; }); // forgetting one is not answered
    });
}

TEST_CASE("mysql parameters: the limits of a query", "[mysql][parameters][limit]") {
    const mariadb_server server;
    with_connection(server, to(server).max_result(10'000), [](mysql::connection& db) -> awaitable<> {
        auto fits = co_await db.query("SELECT REPEAT(?, 9000)", "x");
        CHECK(fits.size() == 1);
        auto large = co_await db.query("SELECT REPEAT(?, 100) FROM seq_1_to_1000000", "x", nothrow);
        check_failure(large, condition::limit, phase::receive, "max_result 9.766 KiB", outcome::answered);
        auto after = co_await db.query("SELECT ?", 1, nothrow);
        check_failure(after, condition::closed, phase::queue, "", outcome::not_sent);
    });
    with_connection(server, to(server).query_timeout(150ms), [](mysql::connection& db) -> awaitable<> {
        auto late = co_await db.query("SELECT SLEEP(?)", 20, nothrow);
        check_failure(late, condition::timeout, phase::first_byte, "query_timeout 150 ms", outcome::in_doubt);
    });
    run_test([&]() -> awaitable<> { co_await until([&] { return prepared_statements(server) == "0"; }); });
}

namespace {

mysql::options at(const tcp_server& server) {
    return mysql::options().port(server.port()).user("oneloop").password("secret").query_timeout(300ms);
}

// Statement 1, no columns known yet, one parameter.
std::string prepared() {
    const std::string column = column_v(); // how many, what it is, the end of them
    return packet(1, std::string("\0\1\0\0\0\0\0\1\0\0\0\0", 12)) + column.substr(5, column.size() - 5 - 9) +
           packet(3, std::string("\xfe\0\0\2\0", 5));
}

} // namespace

TEST_CASE("mysql parameters: what is only being prepared is not carried out", "[mysql][parameters][fault]") {
    const tcp_server server(rude_login().expect("SELECT ?").hang());
    run_test([&]() -> awaitable<> {
        auto db = co_await mysql::connect(co_await this_coro::executor, at(server));
        auto late = co_await db.query("SELECT ?", 1, nothrow);
        check_failure(late, condition::timeout, phase::first_byte, "query_timeout 300 ms", outcome::not_sent);
    });
    const tcp_server breaks(rude_login().expect("SELECT ?").send(prepared()).expect("mine"));
    run_test([&]() -> awaitable<> {
        auto db = co_await mysql::connect(co_await this_coro::executor, at(breaks));
        auto lost = co_await db.query("SELECT ?", "mine", nothrow);
        check_failure(lost, condition::network, phase::first_byte, "", outcome::in_doubt);
    });
}

TEST_CASE("mysql parameters: a row whose value is longer than its packet", "[mysql][parameters][fault]") {
    for (const std::string& value :
         {std::string("\x06short"), std::string("\xfe\xff\xff\xff\xff\0\0\0\0short", 14)}) {
        const std::string row = packet(4, std::string(2, '\0') + value);
        const tcp_server server(
            rude_login().expect("SELECT ?").send(prepared()).expect("mine").send(column_v() + row).hang()
        );
        run_test([&]() -> awaitable<> {
            auto db = co_await mysql::connect(co_await this_coro::executor, at(server));
            auto r = co_await db.query("SELECT ?", "mine", nothrow);
            check_failure(r, condition::protocol, phase::receive, "", outcome::answered);
            auto after = co_await db.query("SELECT ?", 2, nothrow);
            CHECK(after.error() == condition::closed);
        });
    }
}

TEST_CASE("mysql parameters: killed while it runs, and in the middle of rows", "[mysql][parameters][fault]") {
    const mariadb_server server;
    for (const std::string sql :
         {"SELECT SLEEP(?)",
          "SELECT seq, REPEAT('r', 1000), IF(seq > 20000, SLEEP(?), 0) FROM seq_1_to_100000"})
        with_connection(server, [&](mysql::connection& db) -> awaitable<> {
            auto id = co_await db.query("SELECT CONNECTION_ID()");
            const std::string mine(id[0][0].text());
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                auto query = tasks.spawn(db.query(sql, 20, nothrow));
                co_await until_it_sleeps(server, sql.substr(0, 10));
                co_await run_blocking([&] { server.execute("KILL " + mine); });
                auto r = co_await query.get();
                REQUIRE(r.has_error());
                INFO(r.error().message());
                const bool begun = sql.starts_with("SELECT seq");
                CHECK(r.error().outcome() == (begun ? outcome::answered : outcome::in_doubt));
            });
            auto after = co_await db.query("SELECT ?", 1, nothrow);
            CHECK(after.error() == condition::closed);
        });
}

TEST_CASE("mysql parameters: cancelled while it runs", "[mysql][parameters][cancel]") {
    const mariadb_server server;
    for (const bool rows : {false, true})
        with_connection(server, [&](mysql::connection& db) -> awaitable<> {
            const std::string sql =
                rows ? "SELECT seq, REPEAT('r', 1000), IF(seq > 20000, SLEEP(?), 0) FROM seq_1_to_100000"
                     : "SELECT SLEEP(?)";
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                boost::asio::cancellation_signal signal;
                auto token = boost::asio::bind_cancellation_slot(signal.slot(), nothrow);
                auto running = tasks.spawn(db.query(sql, 20, token));
                co_await until_it_sleeps(server, sql.substr(0, 10));
                signal.emit(boost::asio::cancellation_type::terminal);
                auto r = co_await running.get();
                check_failure(
                    r, condition::cancelled, rows ? phase::receive : phase::first_byte, "",
                    rows ? outcome::answered : outcome::in_doubt
                );
            });
            auto later = co_await db.query("SELECT ?", 1, nothrow);
            check_failure(later, condition::closed, phase::queue, "", outcome::not_sent);
        });
}

TEST_CASE("mysql parameters: cancelled after the k-th handler", "[mysql][parameters][cancel]") {
    const mariadb_server server;
    warm_up(server);
    const auto steps = step_cancel_awaitable(
        [&](executor loop) {
            return [](executor here, mysql::options how) -> awaitable<> {
                auto db = co_await mysql::connect(here, how);
                auto all = co_await db.query("SELECT seq, REPEAT(?, 500) FROM seq_1_to_2000", "r");
                if (all.size() != 2000)
                    throw std::runtime_error("rows are missing");
                auto wrong = co_await db.query("SELECT ?", 1, 2, nothrow);
                if (wrong)
                    throw std::runtime_error("two parameters were taken for one");
                co_await db.close();
            }(loop, to(server));
        },
        step_cancel_options().heap_growth(4 << 20)
    );
    CHECK(steps >= 7);
    run_test([&]() -> awaitable<> {
        co_await until([&] { return server.processlist().empty() && prepared_statements(server) == "0"; });
    });
}

TEST_CASE(
    "mysql parameters: in the text of a statement that takes none they are the server's affair", "[mysql]"
) {
    const mariadb_server server;
    with_connection(server, [](mysql::connection& db) -> awaitable<> {
        auto mark = co_await db.query("SELECT ?", nothrow);
        CHECK(mark.error().code() == error_code(1064, mysql::server_category()));
        auto text = co_await db.query("SELECT '?', ?", 1);
        CHECK(text[0][0].text() == "?");
    });
}
