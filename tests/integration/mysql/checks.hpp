#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/mariadb_server.hpp"
#include "tests/support/resources.hpp"
#include "tests/support/run_test.hpp"
#include <oneloop/mysql.hpp>

#include <string>

namespace oneloop::testing {

/// One clear error: the portable condition, the phase, the limit by its name ("" for none) and what became of
/// it.
template <class T>
void check_failure(const result<T>& r, condition what, phase where, const std::string& limit, outcome how) {
    REQUIRE(r.has_error());
    const failure& f = r.error();
    INFO(f.message());
    CHECK(f == what);
    CHECK(f.phase() == where);
    if (limit.empty())
        CHECK(f.limit() == "");
    else
        CHECK_THAT(f.limit(), containing(limit));
    CHECK(f.outcome() == how);
    CHECK(f.doing() != "");
    CHECK(f.message().find("secret") == std::string::npos); // the password of mariadb_server's user
}

inline mysql::options to(const mariadb_server& server) {
    return mysql::options::from_url(server.url());
}

/// What libmariadb, OpenSSL, c-ares and the pool of threads keep for the process is made once, here.
inline void warm_up(const mariadb_server& server) {
    static const bool warm = [&] {
        run_test([&]() -> awaitable<> {
            auto db = co_await mysql::connect(co_await this_coro::executor, to(server).host("localhost"));
            co_await db.query("SELECT 1");
            co_await db.close();
            co_await run_blocking([] {});
        });
        return true;
    }();
    REQUIRE(warm);
}

/// A test with a loop, which must leave nothing behind: no descriptor, no thread, no work.
template <class Body>
void with_server(const mariadb_server& server, Body body) {
    warm_up(server);
    const resources before = resources_now();
    run_test([&]() -> awaitable<> { co_await body(co_await this_coro::executor); });
    require_same_resources(before);
}

/// The same with a connection.
template <class Body>
void with_connection(const mariadb_server& server, mysql::options options, Body body) {
    with_server(server, [&](executor loop) -> awaitable<> {
        auto db = co_await mysql::connect(loop, options);
        co_await body(db);
    });
}
template <class Body>
void with_connection(const mariadb_server& server, Body body) {
    with_connection(server, to(server), std::move(body));
}

/// Waits until the server says that it is so; the test's own limit ends it otherwise.
inline awaitable<> until(const std::function<bool()>& seen) {
    bool now = false;
    while (!now) {
        now = co_await run_blocking([&] { return seen(); });
    }
}

/// Until the server runs a statement that begins so.
inline awaitable<> until_it_runs(const mariadb_server& server, std::string beginning) {
    co_await until([&] {
        for (const auto& client : server.processlist())
            if (client[4].starts_with(beginning))
                return true;
        return false;
    });
}

/// Until a statement that begins so is in SLEEP(): what it gave before has left the server.
inline awaitable<> until_it_sleeps(const mariadb_server& server, std::string beginning) {
    const std::string sql =
        "SELECT 1 FROM information_schema.processlist WHERE state = 'User sleep' AND info LIKE '" +
        beginning + "%'";
    co_await until([&] { return !server.execute(sql).empty(); });
}

} // namespace oneloop::testing
