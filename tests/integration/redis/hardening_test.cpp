// What a hostile server, a careless borrower or an unusual caller could do to a client and a pool, and does
// not.
#include "tests/integration/redis/checks.hpp"
#include "tests/support/resp_scripts.hpp"
#include <oneloop/core.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <csignal>
#include <future>
#include <limits>
#include <ranges>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

template <class Body>
void with_pool(redis::options where, pool_options sizes, Body body) {
    run_test([&]() -> awaitable<> {
        redis::pool pool(co_await this_coro::executor, where, sizes);
        co_await body(pool);
    });
}

class number_of_own {
public:
    number_of_own() = default;
    int n = 0;
};

} // namespace

template <>
struct oneloop::redis::reply_as<number_of_own> {
    static result<number_of_own> from(value v) {
        number_of_own mine;
        mine.n = std::stoi(v.text()); // throws on what is no number
        return mine;
    }
};

TEST_CASE(
    "redis: a DISCARD that the server refuses leaves no transaction to the next borrower",
    "[redis][hardening]"
) {
    const redis_server server;
    with_pool(at(server), pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        {
            auto first = co_await pool.acquire();
            co_await first->command<void>("MULTI");
            auto refused = co_await first->command<void>("DISCARD", "oops", nothrow);
            CHECK(refused.has_error());
        }
        auto second = co_await pool.acquire();
        auto answer = co_await second->command("SET", "x", "kept");
        CHECK(answer.text() == "OK"); // and not QUEUED
        second.give_back();
        CHECK(server.command("GET", "x") == "kept");
    });
}

TEST_CASE(
    "redis: an UNWATCH that the server refuses leaves no WATCH to the next borrower", "[redis][hardening]"
) {
    const redis_server server;
    with_pool(at(server), pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        {
            auto first = co_await pool.acquire();
            co_await first->command<void>("WATCH", "x");
            auto refused = co_await first->command<void>("UNWATCH", "oops", nothrow);
            CHECK(refused.has_error());
        }
        auto second = co_await pool.acquire();
        server.command("SET", "x", "changed");
        co_await second->command<void>("MULTI");
        co_await second->command<void>("SET", "y", 1);
        auto executed = co_await second->command("EXEC");
        CHECK_FALSE(executed.is_nil());
    });
}

TEST_CASE("redis: SCRIPT DEBUG does not reach a shared connection", "[redis][hardening]") {
    const redis_server server;
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at(server).command_timeout(2s));
        co_await redis.set("mine", "my own value");
        auto refused = co_await redis.command("SCRIPT", "DEBUG", "SYNC", nothrow);
        CHECK(refused.has_error());
        auto a = co_await redis.command("EVAL", "return 1", 0, nothrow);
        auto b = co_await redis.command("GET", "mine", nothrow);
        if (a)
            CHECK(a->description() == "the number 1");
        CHECK(b);
        if (b) {
            INFO(b->description() + (b->items().empty() ? "" : ": " + b->items()[0].text()));
            CHECK(b->text() == "my own value");
        }
    });
}

TEST_CASE(
    "redis: a server that lets nobody in at PING is told, and not stormed by a pool", "[redis][hardening]"
) {
    tcp_server server(
        script()
            .expect(resp::command)
            .send("-DENIED Redis is running in protected mode because protected mode is enabled\r\n")
    );
    with_pool(
        at_port(server.port()), pool_options().max_size(1).queue_timeout(2s),
        [&](redis::pool& pool) -> awaitable<> {
            auto lease = co_await pool.acquire(nothrow);
            if (lease) {
                auto answer = co_await (*lease)->ping(nothrow);
                INFO(answer.error().message());
                CHECK_THAT(answer.error().message(), containing("DENIED"));
            } else {
                CHECK_THAT(lease.error().message(), containing("DENIED"));
            }
            const auto s = pool.stats();
            INFO(
                "opened " << s.opened << " failed " << s.failed << " discarded " << s.discarded
                          << ", server saw " << server.connections()
                          << (lease ? "" : ": " + lease.error().message())
            );
            CHECK(server.connections() < 50);
        }
    );
}

TEST_CASE("redis: a server that lets nobody in at PING is told by a client", "[redis][hardening]") {
    tcp_server server(
        script()
            .expect(resp::command)
            .send("-DENIED Redis is running in protected mode because protected mode is enabled\r\n")
    );
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at_port(server.port()));
        for (int i = 0; i < 20; ++i) {
            auto answer = co_await redis.get("x", nothrow);
            REQUIRE(answer.has_error());
            if (i < 2)
                CHECK_THAT(answer.error().message(), containing("DENIED"));
            if (i == 19)
                CHECK(server.connections() < 5); // a back-off between them
        }
    });
}

TEST_CASE(
    "redis: the password is not in the error when the server does not know AUTH", "[redis][hardening]"
) {
    const redis_server server(redis_options().config("rename-command AUTH \"\""));
    run_test([&]() -> awaitable<> {
        redis::client redis(
            co_await this_coro::executor, redis::options().port(server.port()).password("hunter2hunter2")
        );
        auto answer = co_await redis.ping(nothrow);
        REQUIRE(answer.has_error());
        INFO(answer.error().message());
        CHECK(answer.error().message().find("hunter2") == std::string::npos);
        CHECK(answer.error().reason().find("hunter2") == std::string::npos);
    });
}

TEST_CASE("redis: a connection in the middle of a reply nobody asked for is not lent", "[redis][hardening]") {
    tcp_server server([](std::size_t nth) {
        if (nth == 0)
            return script().expect(resp::command).send("+PONG\r\n-half of an unasked err").hang();
        return resp::answers("+PONG\r\n");
    });
    with_pool(
        at_port(server.port()).command_timeout(300ms),
        pool_options().max_size(1).min_size(1).retry(backoff(1ms, 1ms)),
        [&](redis::pool& pool) -> awaitable<> {
            co_await until([&] { return server.connections() == 1 && pool.stats().idle == 1; });
            auto lease = co_await pool.acquire(nothrow);
            while (!lease || server.connections() == 1) { // until the half line has come
                lease = failure(errc::closed);
                co_await sleep_for(1ms);
                lease = co_await pool.acquire(nothrow);
            }
            auto answer = co_await (*lease)->command<void>("SET", "x", 1, nothrow);
            if (answer.has_error()) {
                INFO(answer.error().message());
                CHECK(answer.error().outcome() == outcome::in_doubt); // nothing of its answer has come
            }
            CHECK(answer);
            CHECK(server.connections() == 2);
        }
    );
}

TEST_CASE("redis: a conversion of one's own that throws fails its operation only", "[redis][hardening]") {
    const redis_server server;
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at(server));
        co_await redis.set("n", "not a number");
        auto answer = co_await redis.command<number_of_own>("GET", "n", nothrow);
        CHECK(answer.has_error());
    });
}

TEST_CASE(
    "redis: whoever tries again at once finds the back-off, not another attempt", "[redis][hardening]"
) {
    tcp_server server(script().reset());
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at_port(server.port()).retry(backoff(10s, 10s)));
        for (int i = 0; i < 10; ++i) {
            auto answer = co_await redis.ping(nothrow);
            CHECK(answer.has_error());
        }
        CHECK(redis.stats().failed_connects == 1);
        CHECK(server.connections() == 1);
    });
}

TEST_CASE(
    "redis: what redis-server 7 and hiredis 0.14 can do, COMMAND, does not cost the connection",
    "[redis][hardening]"
) {
    const redis_server server;
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at(server));
        co_await redis.ping();
        auto answer = co_await redis.command("COMMAND", nothrow);
        INFO((answer ? answer->description() : answer.error().message()));
        CHECK(answer);
        CHECK(redis.stats().connected);
    });
}

TEST_CASE(
    "redis: a NUL behind the name of a command does not lead it around the guard", "[redis][hardening]"
) {
    const redis_server server;
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at(server));
        bool slipped = false;
        std::string how;
        for (int i = 0; i < 20'000 && !slipped; ++i) {
            const std::string name = std::string("MULTI") + '\0' + std::to_string(i);
            auto answer = co_await redis.command(name, nothrow);
            slipped = answer.has_value();
            if (slipped)
                how = "attempt " + std::to_string(i) + ": " + answer->text();
            if (answer.has_error() && answer.error() == condition::argument)
                break;
        }
        INFO(how);
        CHECK_FALSE(slipped);
        auto other = co_await redis.command("GET", "x", nothrow);
        INFO((other ? other->description() : other.error().message()));
        CHECK((other && other->is_nil()));
    });
}

TEST_CASE("redis: the login is not counted among the commands that wait", "[redis][hardening]") {
    // AUTH and SELECT are answered, PING is not yet: then one command more than waits is started
    tcp_server server(script().expect(resp::command).hang());
    run_test([&]() -> awaitable<> {
        redis::client redis(
            co_await this_coro::executor,
            at_port(server.port()).password("p").database(1).max_pending(3).command_timeout(300ms)
        );
        asio::co_spawn(co_await this_coro::executor, redis.ping(), [](std::exception_ptr) {});
        co_await until([&] { return !server.requests().empty(); });
        auto second = co_await redis.ping(nothrow); // one waits, max_pending is 3
        INFO(second.error().message());
        CHECK(second.error() == condition::timeout);
    });
}

TEST_CASE("redis: what a server says in an error cannot forge lines of a log", "[redis][hardening]") {
    tcp_server server([](std::size_t) {
        return script()
            .expect(resp::command)
            .send("+PONG\r\n")
            .expect(resp::command)
            .send("-ERR x\n2026-01-01 root logged in \x1b[2J\r\n")
            .hang();
    });
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at_port(server.port()));
        auto answer = co_await redis.get("x", nothrow);
        REQUIRE(answer.has_error());
        CHECK(answer.error().message().find('\n') == std::string::npos);
        CHECK(answer.error().message().find('\x1b') == std::string::npos);
    });
}

TEST_CASE("redis: a hash within max_reply does not stall the loop", "[redis][hardening]") {
    const redis_server server;
    run_test(
        [&]() -> awaitable<> {
            redis::client redis(co_await this_coro::executor, at(server));
            for (int i = 0; i < 100; ++i) {
                redis::request many("HSET");
                many.arg("h");
                for (int k = 0; k < 1000; ++k)
                    many.args("f" + std::to_string((i * 1000 + k) * 7919LL % 100'000), k);
                co_await redis.command<void>(std::move(many));
            }
            auto all = co_await redis.hgetall("h");
            CHECK(all.size() == 100'000);
            auto elsewhere = [](std::map<std::string, std::string>) {};
            co_await run_blocking(elsewhere, std::move(all)); // even to free it takes its time
        },
        60s
    );
}

TEST_CASE("redis: every token for every command", "[redis][hardening]") {
    const redis_server server;
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        redis::client redis(loop, at(server));
        redis::pool pool(loop, at(server));
        co_await redis.set("a", 1, asio::use_awaitable);
        auto [e1] = co_await redis.set("a", 2, asio::as_tuple(asio::use_awaitable));
        CHECK_FALSE(e1);
        auto got = co_await redis.get("a", asio::deferred);
        CHECK(got == "2");
        failure story;
        co_await redis.hset("h", "f", 1, "g", 2.5, with_failure(story, asio::use_awaitable));
        std::map<std::string, std::string> fields{{"x", "y"}};
        co_await redis.hset("h", fields, asio::deferred);
        co_await redis.hset("h", fields | std::views::transform([](auto& f) { return f; }));
        asio::cancellation_signal stop;
        int calls = 0;
        redis.del("a", "b", asio::bind_cancellation_slot(stop.slot(), [&](error_code, std::int64_t n) {
                      CHECK(n == 1);
                      ++calls;
                  }));
        redis.expire("h", 1h, asio::bind_executor(loop, [&](error_code, bool yes) {
                         CHECK(yes);
                         ++calls;
                     }));
        redis.hgetall(
            "h", asio::bind_cancellation_slot(
                     stop.slot(), asio::bind_executor(
                                      loop,
                                      [&](error_code, auto all) {
                                          CHECK(all.size() == 3);
                                          ++calls;
                                      }
                                  )
                 )
        );
        auto lvalue = [&](error_code) { ++calls; };
        redis.ping(lvalue);
        auto text = redis.command<std::string>("ECHO", "x", asio::use_future);
        auto lease_later = pool.acquire(asio::use_future);
        pool.acquire(asio::bind_cancellation_slot(
            stop.slot(),
            [&, only = std::make_unique<int>(1)](error_code e, auto lease) {
                CHECK_FALSE(e);
                CHECK(lease);
                ++calls;
            }
        ));
        CHECK(calls == 0);
        co_await until([&] { return calls == 5; });
        co_await until([&] { return text.wait_for(0s) == std::future_status::ready; });
        CHECK(text.get() == "x");
        {
            co_await until([&] { return lease_later.wait_for(0s) == std::future_status::ready; });
            auto lease = lease_later.get();
            auto [e2] = co_await lease->ping(asio::as_tuple(asio::deferred));
            CHECK_FALSE(e2);
        }
        co_await (co_await pool.acquire())->set("a", 3);
        co_await pool.close(asio::deferred);
        auto [e3] = co_await redis.close(asio::as_tuple(asio::use_awaitable));
        CHECK_FALSE(e3);
    });
}

TEST_CASE("redis: a report of a long lease does not come after the pool's end", "[redis][hardening]") {
    const redis_server server;
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        bool alive = true;
        int late = 0, reports = 0;
        {
            std::optional<redis::pool> pool(
                std::in_place, loop, at(server),
                pool_options().long_lease_after(5ms).report_long_lease([&](const long_lease&) {
                    ++reports;
                    late += alive ? 0 : 1;
                })
            );
            auto lease = co_await pool->acquire();
            // Both due in one turn of the loop: the pool's timer first, then ours
            asio::steady_timer mine(loop, 20ms);
            std::this_thread::sleep_for(30ms);
            co_await mine.async_wait(asio::use_awaitable);
            pool.reset();
            alive = false;
        }
        co_await sleep_for(20ms);
        INFO("reports " << reports);
        CHECK(late == 0);
    });
}

TEST_CASE("redis: a connection moved out of its lease ends with it", "[redis][hardening]") {
    const redis_server server;
    with_pool(at(server), pool_options().max_size(1), [&](redis::pool& pool) -> awaitable<> {
        redis::connection mine;
        {
            auto lease = co_await pool.acquire();
            mine = std::move(*lease);
        }
        auto other = co_await pool.acquire();
        auto late = co_await mine.command<void>("MULTI", nothrow);
        CHECK(late.has_error()); // "the lease has ended"
        auto answer = co_await other->command("SET", "x", 1);
        CHECK(answer.text() == "OK");
    });
}

TEST_CASE(
    "redis: a value within the limits does not stall the loop, sent or received", "[redis][hardening]"
) {
    const redis_server server;
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at(server));
        auto make = [] {
            redis::request r("SET");
            r.arg("big").arg(std::string(16 << 20, 'x'));
            return r;
        };
        auto set = co_await run_blocking(make);
        co_await redis.command<void>(std::move(set));
        auto got = co_await redis.get("big");
        CHECK(got->size() == 16 << 20);
    });
}

TEST_CASE(
    "redis: a strand on many threads, started, cancelled and given back from anywhere", "[redis][hardening]"
) {
    const redis_server server;
    asio::io_context io;
    auto strand = asio::make_strand(io);
    std::optional<redis::client> redis(std::in_place, strand, at(server));
    std::optional<redis::pool> pool(std::in_place, strand, at(server), pool_options().max_size(3));
    std::atomic<int> wrong = 0, completed = 0, started = 0;
    auto work = [&](int id) -> awaitable<> {
        for (int i = 0; i < 300; ++i) {
            const auto text = std::to_string(id) + "." + std::to_string(i);
            ++started;
            auto echoed = co_await redis->command<std::string>("ECHO", text, nothrow);
            ++completed;
            if (echoed && *echoed != text)
                ++wrong;
            try {
                if (i % 3 == 0)
                    co_await timeout(
                        std::chrono::microseconds(50 * (i % 20)), redis->command<std::string>("ECHO", text)
                    );
            } catch (const error&) {
            }
            try {
                if (i % 2 == 0) {
                    auto lease = co_await timeout(std::chrono::microseconds(100 * (i % 50)), pool->acquire());
                    auto own = co_await lease->command<std::string>("ECHO", text);
                    if (own != text)
                        ++wrong;
                }
            } catch (const error&) {
            }
        }
    };
    std::atomic<int> left = 16;
    for (int id = 0; id < 16; ++id)
        asio::co_spawn(asio::make_strand(io), work(id), [&](std::exception_ptr e) {
            if (e)
                ++wrong;
            if (--left == 0)
                asio::post(strand, [&] { redis.reset(), pool.reset(); });
        });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] { io.run(); });
    for (auto& t : threads)
        t.join();
    CHECK(wrong == 0);
    CHECK(completed == started);
    CHECK(completed == 16 * 300);
}

TEST_CASE("redis: thousands of commands lost at once do not stall the loop", "[redis][hardening]") {
    redis_server server;
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, at(server));
        co_await redis.ping();
        server.signal(SIGSTOP);
        int completed = 0;
        for (int batch = 0; batch < 30; ++batch) {
            for (int i = 0; i < 99; ++i)
                redis.set("some:key:" + std::to_string(i), i, [&](error_code) { ++completed; });
            co_await sleep_for(1ms);
        }
        co_await run_blocking([&] { server.kill(); });
        co_await until([&] { return completed == 2970; });
    });
}

TEST_CASE(
    "redis: a client and a pool destroyed by the handlers of their own operations", "[redis][hardening]"
) {
    const redis_server server;
    asio::io_context loop;
    auto redis =
        std::make_shared<std::optional<redis::client>>(std::in_place, loop.get_executor(), at(server));
    auto pool = std::make_shared<std::optional<redis::pool>>(
        std::in_place, loop.get_executor(), at(server), pool_options().min_size(2).max_size(2)
    );
    int calls = 0;
    for (int i = 0; i < 5; ++i) {
        (*redis)->command("ECHO", i, [&, redis](error_code, redis::value) { ++calls, redis->reset(); });
        (*pool)->acquire([&, pool](error_code e, redis::pool::lease_type lease) {
            ++calls;
            if (!e)
                lease->ping([&, pool](error_code) { ++calls, pool->reset(); });
        });
    }
    (*redis)->close([&](error_code) { ++calls; });
    (*pool)->close([&](error_code) { ++calls; });
    CHECK(calls == 0);
    loop.run_for(10s);
    CHECK(loop.stopped());
    CHECK(calls >= 12);
}

TEST_CASE("redis: deferred and leased things kept beyond the loop", "[redis][hardening]") {
    const redis_server server;
    {
        using later = decltype(std::declval<redis::client&>().get("x", asio::deferred));
        std::optional<later> first, second;
        redis::pool::lease_type lease;
        {
            asio::io_context loop;
            redis::client redis(loop.get_executor(), at(server));
            redis::pool pool(loop.get_executor(), at(server));
            first.emplace(redis.get("x", asio::deferred));
            pool.acquire([&](error_code e, redis::pool::lease_type l) {
                REQUIRE_FALSE(e);
                second.emplace(l->get("x", asio::deferred));
                lease = std::move(l);
            });
            while (!lease)
                loop.run_one();
            redis.get("y", [](error_code, std::optional<std::string>) {});
            loop.poll();
        }
    }
    SUCCEED();
}

TEST_CASE("redis: limits at both ends of their types", "[redis][hardening]") {
    const redis_server server;
    constexpr auto ever = redis::duration::max();
    constexpr auto all = std::numeric_limits<std::size_t>::max();
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        auto most = at(server)
                        .connect_timeout(ever)
                        .command_timeout(ever)
                        .max_pending(all)
                        .max_pending_bytes(all)
                        .max_reply(all)
                        .max_abandoned(all)
                        .max_abandoned_age(ever)
                        .retry(backoff(ever, ever));
        auto sizes = pool_options()
                         .max_size(all)
                         .max_connecting(all)
                         .max_queued(all)
                         .queue_timeout(ever)
                         .idle_timeout(ever)
                         .max_lifetime(ever)
                         .long_lease_after(ever)
                         .retry(backoff(ever, ever));
        redis::pool pool(loop, most, sizes);
        auto lease = co_await pool.acquire();
        co_await lease->set("x", 1);
        lease.give_back();
        co_await pool.close();
        const auto none = redis::duration::zero(), past = redis::duration::min();
        for (auto d : {none, past}) {
            redis::client hasty(loop, at(server).connect_timeout(d));
            auto a = co_await hasty.ping(nothrow);
            CHECK((a.has_error() && a.error() == condition::timeout));
            CHECK((a.has_error() && a.error().outcome() == outcome::not_sent));
            redis::client quick(loop, at(server).command_timeout(d));
            auto b = co_await quick.ping(nothrow);
            CHECK((b.has_error() && b.error() == condition::timeout));
            redis::pool p(
                loop, at(server),
                pool_options()
                    .max_size(0)
                    .max_queued(0)
                    .max_connecting(0)
                    .queue_timeout(d)
                    .idle_timeout(d)
                    .max_lifetime(d)
                    .long_lease_after(d)
                    .report_long_lease([](auto&) {})
                    .retry(backoff(d, d))
            );
            auto c = co_await p.acquire(nothrow);
            INFO((c ? "a lease" : c.error().message()));
            CHECK((c.has_error() && c.error() == condition::timeout && c.error().phase() == phase::queue));
            co_await p.close();
        }
    });
}
