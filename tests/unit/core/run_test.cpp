#include "tests/support/catch.hpp"
#include "tests/support/slow_to_end.hpp"
#include <oneloop/run.hpp>

#include <boost/asio/post.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("run gives the value of its coroutine", "[run]") {
    CHECK(run(number_after(2, 7)) == 7);
    run(sleep_for(0s));
    CHECK(*run(sleep_for(0s, std::make_unique<int>(8))) == 8);
}

TEST_CASE("run throws the exception of its coroutine", "[run]") {
    CHECK_THROWS_WITH(run(fails_after(2, "why")), "why");
}

TEST_CASE("run uses a loop that there is already, again and again", "[run]") {
    asio::io_context loop;
    CHECK(run(loop, number_after(2, 1)) == 1);
    bool other_work = false;
    asio::post(loop, [&] { other_work = true; });
    CHECK(run(loop, number_after(2, 2)) == 2);
    CHECK(other_work);
    CHECK_THROWS_WITH(run(loop, fails_after(1, "third")), "third");
    CHECK(run(loop, number_after(0, 4)) == 4);
    loop.restart();
    loop.run(); // of what run did nothing keeps the loop from its end
}

TEST_CASE("run leaves other work on the loop as it is", "[run]") {
    asio::io_context loop;
    bool later = false;
    asio::steady_timer timer(loop, 20ms);
    timer.async_wait([&](error_code) { later = true; });
    run(loop, sleep_for(0s));
    CHECK_FALSE(later);
    loop.run();
    CHECK(later);
}

TEST_CASE("run takes up a loop that has been stopped", "[run]") {
    asio::io_context loop;
    loop.stop();
    CHECK(run(loop, number_after(2, 1)) == 1);
}

TEST_CASE("run of a loop that is stopped under it is an error, and the loop can be run on", "[run]") {
    asio::io_context loop;
    log_of log;
    auto body = [&]() -> awaitable<> {
        loop.stop();
        co_await number_after(3, 7, &log);
    };
    try {
        run(loop, body());
        FAIL("the coroutine had not ended");
    } catch (const error& e) {
        CHECK(e.code() == condition::closed);
    }
    CHECK(log.empty());
    loop.restart();
    loop.run();
    CHECK(log == log_of{"7"});
}

TEST_CASE("spawn starts a coroutine on the next turn of a loop that somebody else runs", "[run]") {
    asio::io_context loop;
    log_of log;
    auto spawns = [](executor on, log_of& notes) {
        spawn(on, [](log_of& n) -> awaitable<> {
            co_await sleep_for(0s);
            n.push_back("spawned");
        }(notes));
    };
    spawns(loop.get_executor(), log);
    log.push_back("started");
    loop.run();
    CHECK(log == log_of{"started", "spawned"});
}

TEST_CASE("what a spawned coroutine throws leaves the loop's run", "[run]") {
    asio::io_context loop;
    spawn(loop.get_executor(), fails_after(2, "nobody waits for it"));
    CHECK_THROWS_WITH(loop.run(), "nobody waits for it");
    loop.run(); // and can be run on
}

TEST_CASE("what a spawned coroutine throws cancels the program, awaits it and is thrown", "[run]") {
    log_of log;
    auto program = [&]() -> awaitable<> {
        spawn(co_await this_coro::executor, fails_after(2, "of the side"));
        co_await slow_to_end(log, "program");
    };
    CHECK_THROWS_WITH(run(program()), "of the side");
    CHECK(log == log_of{"program began", "program cancelled", "program ended"});
}

TEST_CASE("what was spawned and not awaited is destroyed with the loop of run", "[run]") {
    auto owned = std::make_shared<int>();
    std::weak_ptr<int> watched = owned;
    auto waits = [](std::shared_ptr<int>) -> awaitable<> { co_await sleep_for(1h); };
    auto program = [&]() -> awaitable<> {
        spawn(co_await this_coro::executor, waits(std::move(owned)));
        co_await sleep_for(0s);
    };
    run(program());
    CHECK(watched.expired());
}

TEST_CASE("run_main gives an exit status", "[run]") {
    CHECK(run_main(sleep_for(0s)) == 0);
    CHECK(run_main(number_after(1, 42)) == 42);
}
