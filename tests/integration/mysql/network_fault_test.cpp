#include "tests/integration/mysql/checks.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/tcp_server.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

mysql::options at(std::uint16_t port) {
    return mysql::options().port(port).user("oneloop").password("secret");
}

template <class Check>
void fails(const mysql::options& how, Check check) {
    run_test([&]() -> awaitable<> {
        auto r = co_await mysql::connect(co_await this_coro::executor, how, nothrow);
        check(r);
    });
}

} // namespace

TEST_CASE("mysql fault: refused connection, missing socket", "[mysql][fault]") {
    const refused_port nobody;
    fails(at(nobody.port()), [](const auto& r) {
        check_failure(r, condition::network, phase::connect, "", outcome::not_sent);
    });
    fails(at(1).unix_socket("/nonexistent/socket"), [](const auto& r) {
        check_failure(r, condition::network, phase::connect, "", outcome::not_sent);
    });
}

TEST_CASE("mysql fault: black hole", "[mysql][fault]") {
    const black_hole hole;
    const resources before = resources_now();
    fails(at(hole.port()).connect_timeout(150ms), [](const auto& r) {
        check_failure(r, condition::timeout, phase::connect, "connect_timeout 150 ms", outcome::not_sent);
    });
    require_same_resources(before); // the thread, too, is gone
}

TEST_CASE("mysql fault: a server that does not say a word", "[mysql][fault]") {
    const tcp_server silent(script().hang());
    const resources before = resources_now();
    fails(at(silent.port()).connect_timeout(150ms), [](const auto& r) {
        check_failure(r, condition::timeout, phase::auth, "connect_timeout 150 ms", outcome::not_sent);
    });
    const auto tls = at(silent.port()).connect_timeout(150ms).tls();
    fails(tls, [](const auto& r) {
        check_failure(r, condition::timeout, phase::tls, "connect_timeout 150 ms", outcome::not_sent);
    });
    require_same_resources(before);
}

TEST_CASE("mysql fault: no time at all", "[mysql][fault]") {
    const tcp_server silent(script().hang());
    fails(at(silent.port()).connect_timeout(0s), [](const auto& r) {
        check_failure(r, condition::timeout, phase::connect, "connect_timeout 0 s", outcome::not_sent);
    });
}

TEST_CASE("mysql fault: a server that closes, or that speaks something else", "[mysql][fault]") {
    const tcp_server closes((script()));
    fails(at(closes.port()), [](const auto& r) {
        check_failure(r, condition::network, phase::auth, "", outcome::not_sent);
    });
    const tcp_server resets(script().reset());
    fails(at(resets.port()), [](const auto& r) {
        CHECK(r.has_error());
        CHECK(r.error() == condition::network);
    });
    const tcp_server web(script().send("HTTP/1.1 400 Bad Request\r\n\r\n").hang());
    fails(at(web.port()).connect_timeout(300ms), [](const auto& r) { CHECK(r.has_error()); });
}

TEST_CASE("mysql fault: more connections than threads: who waits for one keeps its limit", "[mysql][fault]") {
    const tcp_server silent(script().hang());
    run_test([]() -> awaitable<> { co_await run_blocking([] {}); }); // the threads of the pool stay
    const resources before = resources_now();
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            for (int i = 0; i < 8; ++i)
                tasks.spawn(mysql::connect(loop, at(silent.port()).connect_timeout(20s), nothrow));
            co_await until([&] { return silent.connections() == 8; });
            std::vector<awaitable<result<mysql::connection>>> late;
            for (int i = 0; i < 12; ++i)
                late.push_back(mysql::connect(loop, at(silent.port()).connect_timeout(50ms), nothrow));
            auto answers = co_await gather(std::move(late));
            for (const auto& r : answers)
                check_failure(
                    r, condition::timeout, phase::connect, "connect_timeout 50 ms", outcome::not_sent
                );
            CHECK(silent.connections() == 8);
            tasks.cancel();
        });
    });
    require_same_resources(before); // also the threads, which were in the middle of it
}

namespace {

template <class Body>
void with_names(Body body) {
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        dns_server names(loop);
        auto known = std::make_shared<resolver>(loop, resolver_options().server(names.address()));
        co_await body(loop, names, std::move(known));
    });
}

} // namespace

TEST_CASE("mysql fault: unknown host, silent DNS", "[mysql][fault]") {
    with_names([](executor loop, dns_server& names, std::shared_ptr<resolver> known) -> awaitable<> {
        const auto how = at(1).resolve_with(known).connect_timeout(150ms);
        auto none = co_await mysql::connect(loop, mysql::options(how).host("no.such.name"), nothrow);
        check_failure(none, condition::resolve, phase::resolve, "", outcome::not_sent);
        names.set("silent.test", dns_reply().silent());
        for (const auto& which :
             {mysql::options(how).host("silent.test"), mysql::options(how).host("silent.test").tls()}) {
            auto late = co_await mysql::connect(loop, which, nothrow);
            check_failure(
                late, condition::timeout, phase::resolve, "connect_timeout 150 ms", outcome::not_sent
            );
        }
    });
}

TEST_CASE(
    "mysql fault: a name's addresses are tried in turn, a black hole for its share of the time",
    "[mysql][fault]"
) {
    const mariadb_server server;
    const black_hole hole;
    const tcp_server silent(script().hang(), tcp_server_options().at("127.0.0.2", hole.port()));
    with_names([&](executor loop, dns_server& names, std::shared_ptr<resolver> known) -> awaitable<> {
        names.set("two.test", dns_reply().address("127.0.0.3", 60).address("127.0.0.1", 60));
        auto db = co_await mysql::connect(loop, to(server).host("two.test").resolve_with(known));
        auto fine = co_await db.query("SELECT 1");
        CHECK(fine.size() == 1);

        const black_hole before_it("127.0.0.4", server.port());
        names.set("later.test", dns_reply().address("127.0.0.4", 60).address("127.0.0.1", 60));
        const auto begin = std::chrono::steady_clock::now();
        const auto patient = to(server).host("later.test").resolve_with(known).connect_timeout(4s);
        auto second = co_await mysql::connect(loop, patient);
        CHECK(std::chrono::steady_clock::now() - begin >= 1900ms); // the share of the first
        auto fine_too = co_await second.query("SELECT 1");
        CHECK(fine_too.size() == 1);

        names.set("hole.test", dns_reply().address("127.0.0.1", 60).address("127.0.0.2", 60));
        const auto into_hole = at(hole.port()).host("hole.test").resolve_with(known).connect_timeout(200ms);
        auto late = co_await mysql::connect(loop, into_hole, nothrow);
        check_failure(late, condition::timeout, phase::auth, "connect_timeout 200 ms", outcome::not_sent);
        CHECK(silent.connections() == 1);
    });
}
