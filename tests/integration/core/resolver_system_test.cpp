// getaddrinfo in place of the DNS. Only names that every machine knows without asking anybody.

#include "tests/integration/core/resolver_stage.hpp"
#include <oneloop/blocking.hpp>
#include <oneloop/sleep.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <future>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

resolver_options system_way() {
    return resolver_options().timeout(10s).use_getaddrinfo().order(address_order::ipv4_only);
}

// A pool with one thread, which is busy until it is told.
class busy_pool {
public:
    explicit busy_pool(asio::io_context& loop) {
        auto hang = [this]() -> awaitable<> {
            auto wait = [](std::shared_future<void> f) { f.wait(); };
            co_await run_blocking(pool, wait, go_.get_future().share());
        };
        body_ = hang;
        asio::co_spawn(loop, body_(), asio::detached);
        while (pool.stats().running == 0)
            run_one_watched(loop, 1ms);
    }
    void free() { go_.set_value(); }

    blocking_pool pool{1};

private:
    std::promise<void> go_;
    std::function<awaitable<>()> body_;
};

} // namespace

TEST_CASE("getaddrinfo runs on a thread, and its answer is remembered for a fixed time", "[resolver]") {
    auto how = system_way().system_ttl(30s);
    in_virtual_time(how, [&](resolver& names, dns_server& server) -> awaitable<> {
        auto list = co_await names.resolve("localhost");
        CHECK(texts(list) == strings{"127.0.0.1"});
        co_await sleep_for(29s);
        auto again = co_await names.resolve("LOCALHOST");
        CHECK(again == list);
        CHECK(names.stats().questions == 1);
        CHECK(names.stats().hits == 1);
        co_await sleep_for(2s);
        auto later = co_await names.resolve("localhost");
        CHECK(later == list);
        CHECK(names.stats().questions == 2);
        CHECK(server.datagrams() == 0);
        auto bad = co_await names.resolve("a b", nothrow);
        CHECK(bad.error() == condition::argument);
    });
}

TEST_CASE("getaddrinfo that hangs costs the timeout, and runs once for all who ask", "[resolver]") {
    asio::io_context loop(1);
    const auto work = asio::make_work_guard(loop);
    busy_pool busy(loop);
    resolver names(loop.get_executor(), system_way().timeout(100ms).use_getaddrinfo(busy.pool));
    reply one, two, three, leaves;
    auto run_until = [&](auto done) {
        const auto end = clock_type::now() + 20s;
        while (!done() && clock_type::now() < end)
            run_one_watched(loop, 10ms);
        REQUIRE(done());
    };
    ask(names, "localhost", one);
    ask(names, "localhost", two);
    ask(names, "localhost", leaves);
    run_until([&] { return names.stats().waiting == 3; });
    leaves.stop.emit(asio::cancellation_type::terminal);
    run_until([&] { return one.done() && two.done() && leaves.done(); });
    CHECK(leaves.code == condition::cancelled);
    CHECK(one.code == condition::timeout);
    CHECK(one.story.reason() == "getaddrinfo did not end in time");
    CHECK(two.code == condition::timeout);
    CHECK(names.stats().timeouts == 1);
    ask(names, "localhost", three);
    run_until([&] { return names.stats().waiting == 1; });
    CHECK(names.stats().questions == 1); // the one that hangs is waited for
    busy.free();
    run_until([&] { return three.done(); }); // in time or, on a busy machine, not
    run_until([&] { return names.stats().cached == 1; });
    CHECK(names.stats().questions == 1);
    reply last;
    ask(names, "localhost", last);
    run_until([&] { return last.done(); });
    CHECK(texts(last.list) == strings{"127.0.0.1"});
    CHECK(names.stats().hits == 1);
}

TEST_CASE("a resolver that ends does not wait for getaddrinfo", "[resolver]") {
    asio::io_context loop(1);
    busy_pool busy(loop);
    auto names = std::make_unique<resolver>(loop.get_executor(), system_way().use_getaddrinfo(busy.pool));
    reply r;
    ask(*names, "localhost", r);
    while (names->stats().waiting == 0)
        run_one_watched(loop, 10ms);
    names.reset();
    while (!r.done())
        REQUIRE(run_one_watched(loop, 5s) > 0);
    CHECK(r.code == errc::closed);
    CHECK(busy.pool.stats().running == 1);
    busy.free();
    run_watched(loop);
}

TEST_CASE("overrides and limits hold for getaddrinfo too", "[resolver]") {
    asio::io_context loop(1);
    busy_pool busy(loop);
    resolver names(
        loop.get_executor(),
        system_way().override_name("db.test", "192.0.2.1").max_in_flight(1).use_getaddrinfo(busy.pool)
    );
    reply fixed, waits, refused;
    ask(names, "db.test", fixed);
    ask(names, "localhost", waits);
    ask(names, "other.test", refused);
    while (!fixed.done() || !refused.done())
        REQUIRE(run_one_watched(loop, 5s) > 0);
    CHECK(texts(fixed.list) == strings{"192.0.2.1"});
    CHECK(refused.code == errc::queue_full);
    busy.free();
    while (!waits.done())
        REQUIRE(run_one_watched(loop, 5s) > 0);
    CHECK_FALSE(waits.code);
}
