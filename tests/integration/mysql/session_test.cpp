#include "mysql/entrance.hpp"
#include "tests/integration/mysql/checks.hpp"
#include "tests/support/certificates.hpp"

#include <fcntl.h>

#include <filesystem>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// A session as its pool has it, awaited.
class borrowed {
public:
    borrowed(executor loop, mysql::options how)
        : inside_(std::make_shared<mysql::session>(loop, std::move(how))) {}
    ~borrowed() { inside_->shut_down(); }

    awaitable<failure> open() {
        return told([this](auto done) { inside_->open(done); });
    }
    awaitable<failure> restore() {
        return told([this](auto done) { inside_->restore(done); });
    }
    awaitable<failure> close() {
        return told([this](auto done) { inside_->close(done); });
    }
    awaitable<mysql::rows> query(std::string sql) {
        using start = decltype(&mysql::detail::start_query);
        throwing_t token;
        return boost::asio::async_initiate<throwing_t, void(error_code, mysql::rows)>(
            oneloop::detail::initiation<mysql::entrance, start, mysql::rows>(
                inside_->loop(), way_, &mysql::detail::start_query
            ),
            token, std::move(sql), mysql::parameters()
        );
    }
    mysql::session& inside() { return *inside_; }

private:
    awaitable<failure> told(std::function<void(mysql::session::told)> start) {
        auto answer = std::make_shared<std::optional<failure>>();
        start([answer](failure why) { *answer = std::move(why); });
        while (!answer->has_value())
            co_await sleep_for(1ms);
        co_return **answer;
    }

    std::shared_ptr<mysql::session> inside_;
    std::shared_ptr<mysql::entrance> way_ = std::make_shared<mysql::entrance>(inside_);
};

} // namespace

TEST_CASE("session: nothing of one user is left for the next", "[mysql][session]") {
    const mariadb_server server;
    server.execute(
        "CREATE TABLE t (i INT) ENGINE=InnoDB; CREATE DATABASE other; GRANT ALL ON other.* TO 'oneloop'@'%'"
    );
    with_server(server, [&](executor loop) -> awaitable<> {
        borrowed s(loop, to(server));
        auto opened = co_await s.open();
        REQUIRE_FALSE(opened.code());
        auto before =
            co_await s.query("SELECT @@sql_mode, @@autocommit, @@time_zone, @@character_set_client");
        for (const std::string sql :
             {"SET @mine = 1", "SET sql_mode = 'ANSI'", "SET time_zone = '+05:00'",
              "CREATE TEMPORARY TABLE mine (i INT)", "DO GET_LOCK('mine', 0)", "SET NAMES latin1",
              "SET autocommit = 0", "INSERT INTO t VALUES (1)", "USE other"})
            co_await s.query(sql);
        CHECK(s.inside().sound());
        auto restored = co_await s.restore();
        CHECK(restored.message() == "no error");
        CHECK(s.inside().sound());
        auto after = co_await s.query("SELECT @@sql_mode, @@autocommit, @@time_zone, @@character_set_client");
        for (std::size_t i = 0; i < 4; ++i)
            CHECK(after[0][i].text() == before[0][i].text());
        auto mine = co_await s.query("SELECT @mine, IS_FREE_LOCK('mine'), DATABASE(), HEX('ü')");
        CHECK(mine[0][0].is_null());
        CHECK(mine[0][1].text() == "1");
        CHECK(mine[0][2].text() == "oneloop");
        CHECK(mine[0][3].text() == "C3BC");
        auto rows = co_await s.query("SELECT COUNT(*) FROM t");
        CHECK(rows[0][0].text() == "0");
        auto temporary = co_await caught(s.query("SELECT * FROM mine"));
        CHECK(failure_of(temporary).code() == error_code(1146, mysql::server_category()));
        auto closed = co_await s.close();
        CHECK_FALSE(closed.code());
    });
}

TEST_CASE("session: one that had no database and chose one has none again", "[mysql][session]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        borrowed s(loop, to(server).database(""));
        auto opened = co_await s.open();
        REQUIRE_FALSE(opened.code());
        auto unchanged = co_await s.restore();
        CHECK_FALSE(unchanged.code());
        co_await s.query("USE oneloop");
        auto restored = co_await s.restore();
        CHECK_FALSE(restored.code());
        auto state = co_await s.query("SELECT DATABASE()");
        CHECK(state[0][0].is_null());
    });
}

TEST_CASE("session: sound only when nothing is owed and the server is there", "[mysql][session]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const mariadb_server server(mariadb_options().tls(authority.issue("good")));
    const auto tls =
        to(server).host("localhost").tls(tls_options().trust_file(authority.certificate().string()));
    for (const auto& how : {to(server), tls})
        with_server(server, [&](executor loop) -> awaitable<> {
            borrowed s(loop, how);
            CHECK_FALSE(s.inside().sound());
            auto opened = co_await s.open();
            REQUIRE_FALSE(opened.code());
            CHECK(s.inside().sound());
            co_await s.query("SELECT 1"
            ); // whatever came late, such as TLS tickets, was there before the answer
            CHECK(s.inside().sound());
            auto wrong = co_await caught(s.query("SELEKT"));
            CHECK(wrong);
            CHECK(s.inside().sound());
            auto id = co_await s.query("SELECT CONNECTION_ID()");
            const std::string kill = "KILL " + std::string(id[0][0].text());
            co_await run_blocking([&] { server.execute(kill); });
            co_await until([&] { return server.processlist().empty(); });
            CHECK_FALSE(s.inside().sound());
        });
}

TEST_CASE("session: shut down again and again, at any moment", "[mysql][session]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        mysql::session never(loop, to(server));
        never.shut_down();
        never.shut_down();
        borrowed s(loop, to(server));
        bool told = false;
        s.inside().open([&](failure) { told = true; });
        s.inside().shut_down();
        borrowed t(loop, to(server));
        auto opened = co_await t.open();
        REQUIRE_FALSE(opened.code());
        REQUIRE(t.inside().sound());
        t.inside().restore([&](failure) { told = true; });
        const bool at_once = told; // on a busy machine the server may be that fast
        t.inside().shut_down();
        t.inside().shut_down();
        co_await sleep_for(0s);
        CHECK(told == at_once);
        CHECK_FALSE(t.inside().sound());
    });
}

TEST_CASE("session: its descriptors are closed in programs that are started", "[mysql][session]") {
    const mariadb_server server;
    with_server(server, [&](executor loop) -> awaitable<> {
        const resources before = resources_now();
        auto db = co_await mysql::connect(loop, to(server));
        std::size_t fresh = 0;
        for (const auto& [number, target] : resources_now().descriptors)
            if (!before.descriptors.contains(number)) {
                ++fresh;
                INFO(number << " " << target);
                CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
            }
        CHECK(fresh >= 2);
    });
}
