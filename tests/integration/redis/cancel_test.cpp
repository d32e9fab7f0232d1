#include "tests/integration/redis/checks.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include "tests/support/tcp_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("redis: cancelled after the k-th handler, from the look-up to the answer", "[redis][cancel]") {
    const redis_server server(redis_options().password("secret"));
    auto options = at(server);
    options.host("localhost").database(1);
    const auto handlers = step_cancel(
        [&](boost::asio::io_context& loop) {
            auto client = std::make_shared<redis::client>(loop.get_executor(), options);
            return [client](auto token) { client->command<std::string>("ECHO", "x", std::move(token)); };
        },
        step_cancel_options().heap_growth(1 << 20)
    );
    CHECK(handlers >= 5);
    const auto closing = step_cancel(
        [&](boost::asio::io_context& loop) {
            auto client = std::make_shared<redis::client>(loop.get_executor(), options);
            client->ping([](error_code) {});
            return [client](auto token) { client->close(std::move(token)); };
        },
        step_cancel_options().heap_growth(1 << 20)
    );
    CHECK(closing >= 3);
}

TEST_CASE(
    "redis: cancelling costs a waiting command nothing, and one in flight only its answer", "[redis][cancel]"
) {
    redis_server server;
    with_client(at(server), [&](redis::client& redis) -> awaitable<> {
        co_await redis.ping();
        server.signal(SIGSTOP);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            boost::asio::cancellation_signal stop;
            auto token = boost::asio::bind_cancellation_slot(stop.slot(), nothrow);
            auto sent = tasks.spawn(redis.command<std::string>("ECHO", "sent", token));
            co_await until([&] { return redis.stats().in_flight == 1; });
            stop.emit(boost::asio::cancellation_type::total);
            auto one = co_await sent.get();
            check_failure(one, condition::cancelled, phase::first_byte, "", outcome::in_doubt, "ECHO at");
            CHECK(redis.stats().abandoned == 1);
            // Until the turn is over it was not handed to the writer
            failure story;
            redis.command<void>(
                "SET", "never", "sent",
                with_failure(story, boost::asio::bind_cancellation_slot(stop.slot(), [](error_code) {}))
            );
            CHECK(redis.stats().waiting == 1);
            stop.emit(boost::asio::cancellation_type::terminal);
            CHECK(redis.stats().waiting == 0);
            CHECK(story == condition::cancelled);
            CHECK(story.phase() == phase::queue);
            CHECK(story.outcome() == outcome::not_sent);
            co_await turns(3);
            server.signal(SIGCONT);
        });
        auto never = co_await redis.get("never");
        CHECK_FALSE(never);
        CHECK(redis.stats().connects == 1);
        CHECK(redis.stats().abandoned == 0);
    });
}

TEST_CASE("redis: the client destroyed with commands in flight and waiting", "[redis][cancel]") {
    tcp_server silent(lets_in().hang());
    with_loop([&]() -> awaitable<> {
        auto client = std::make_unique<redis::client>(co_await this_coro::executor, at_port(silent.port()));
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto sent = tasks.spawn(client->get("x", nothrow));
            co_await until([&] { return client->stats().in_flight == 1; });
            auto late = tasks.spawn(client->get("y", nothrow));
            co_await until([&] { return client->stats().waiting + client->stats().in_flight == 2; });
            client.reset();
            auto one = co_await sent.get();
            check_failure(one, condition::closed, phase::receive, "", outcome::in_doubt);
            auto two = co_await late.get();
            CHECK(two.error() == condition::closed);
        });
    });
}

TEST_CASE("redis: the loop destroyed with commands in flight", "[redis][cancel]") {
    tcp_server silent(lets_in().hang());
    const resources before = resources_now();
    for (int steps : {0, 1, 2, 3, 5, 8, 13, 20}) {
        boost::asio::io_context loop(1);
        // The client lives in the coroutine that waits for it
        spawn(loop.get_executor(), [](std::uint16_t port) -> awaitable<> {
            redis::client redis(co_await this_coro::executor, at_port(port));
            redis::pool pool(co_await this_coro::executor, at_port(port), pool_options().max_size(1));
            auto borrow = [&]() -> awaitable<> {
                auto lent = co_await pool.acquire();
                co_await lent->get("x");
            };
            co_await gather(redis.get("x"), redis.get("y"), borrow(), borrow());
        }(silent.port()));
        for (int i = 0; i < steps; ++i)
            run_one_watched(loop, 50ms);
    }
    require_same_resources(before);
}
