#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/future.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/detached.hpp>

#include <latch>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

class no_default {
public:
    no_default(int n, std::unique_ptr<int> p) : number(n), pointer(std::move(p)) {}
    int number;
    std::unique_ptr<int> pointer;
};

} // namespace

TEST_CASE("a future gives the value that was set before and during the wait", "[future]") {
    run_test([]() -> awaitable<> {
        promise<int> before;
        auto early = before.get_future();
        CHECK_FALSE(early.ready());
        CHECK(before.set_value(1));
        CHECK(early.ready());
        const int one = co_await early.get();
        CHECK(one == 1);

        promise<int> during;
        auto later = during.get_future();
        auto sets = [&]() -> awaitable<> {
            co_await turns();
            CHECK(during.set_value(2));
            CHECK(later.ready());
        };
        auto [two, set] = co_await gather(later.get(), sets());
        CHECK(two == 2);

        promise<> nothing;
        auto done = nothing.get_future();
        CHECK(nothing.set_value());
        co_await done.get();
        co_await done.get(nothrow);
    });
}

TEST_CASE("a future's value is made in place and moved out", "[future]") {
    run_test([]() -> awaitable<> {
        promise<no_default> p;
        auto f = p.get_future();
        CHECK(p.set_value(7, std::make_unique<int>(8)));
        const auto value = co_await f.get();
        CHECK(value.number == 7);
        CHECK(*value.pointer == 8);
        const auto why = co_await caught(f.get());
        CHECK(failure_of(why) == condition::argument);
        CHECK_THAT(failure_of(why).message(), containing("taken already"));
    });
}

TEST_CASE("a future throws what its promise was given", "[future]") {
    run_test([]() -> awaitable<> {
        promise<int> p;
        auto f = p.get_future();
        CHECK(p.set_error(failure(errc::timed_out).in(phase::connect).because("nobody there")));
        const auto why = co_await caught(f.get());
        CHECK(failure_of(why) == condition::timeout);
        CHECK(failure_of(why).phase() == phase::connect);
        const auto told = co_await f.get(nothrow);
        REQUIRE(told.has_error());
        CHECK(told.error().reason() == "nobody there");

        promise<int> foreign;
        auto g = foreign.get_future();
        CHECK(foreign.set_exception(std::make_exception_ptr(std::runtime_error("its own"))));
        const auto thrown = co_await caught(g.get());
        CHECK_THROWS_WITH(std::rethrow_exception(thrown), "its own");
        const auto also_thrown = co_await caught(g.get(nothrow));
        CHECK_THROWS_WITH(std::rethrow_exception(also_thrown), "its own");
    });
}

TEST_CASE("a promise is set once", "[future]") {
    run_test([]() -> awaitable<> {
        promise<std::string> p;
        auto f = p.get_future();
        CHECK(p.set_value("first"));
        CHECK_FALSE(p.set_value("second"));
        CHECK_FALSE(p.set_error(errc::closed));
        CHECK_FALSE(p.set_exception(std::make_exception_ptr(1)));
        const auto value = co_await f.get();
        CHECK(value == "first");
        CHECK_THROWS_AS(p.get_future(), error);
        auto moved = std::move(p);
        CHECK_FALSE(p.set_value("third")); // NOLINT(bugprone-use-after-move)
    });
}

TEST_CASE("a value that could not be made leaves the promise unset", "[future]") {
    struct fussy {
        explicit fussy(bool fails) {
            if (fails)
                throw std::runtime_error("fussy");
        }
    };
    promise<fussy> p;
    auto f = p.get_future();
    CHECK_THROWS_WITH(p.set_value(true), "fussy");
    CHECK_FALSE(f.ready());
    CHECK(p.set_value(false));
    CHECK(f.ready());
}

TEST_CASE("a promise that is destroyed unset tells its future", "[future]") {
    run_test([]() -> awaitable<> {
        auto p = std::make_unique<promise<int>>();
        auto f = p->get_future();
        auto goes = [&]() -> awaitable<> {
            co_await turns();
            p.reset();
        };
        auto [told, gone] = co_await gather(f.get(nothrow), goes());
        REQUIRE(told.has_error());
        CHECK(told.error() == condition::closed);
        CHECK(told.error().message() == "the promise was destroyed without a value");

        promise<> replaced;
        auto first = replaced.get_future();
        replaced = promise<>();
        CHECK(first.ready());
        auto second = replaced.get_future();
        CHECK_FALSE(second.ready());
    });
}

TEST_CASE("the wait for a future is cancelled, and the future awaited again", "[future]") {
    testing::run([]() -> awaitable<> {
        promise<int> p;
        auto f = p.get_future();
        for (int i = 0; i < 3; ++i) {
            const auto why = co_await caught(timeout(1ms, f.get()));
            CHECK(failure_of(why) == condition::timeout);
        }
        p.set_value(7);
        const int value = co_await f.get();
        CHECK(value == 7);
    });
}

TEST_CASE("a value that comes in the turn of a cancel is not lost", "[future]") {
    for (bool cancelled_first : {false, true})
        run_test([cancelled_first]() -> awaitable<> {
            promise<int> p;
            auto f = p.get_future();
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                auto waits = tasks.spawn(f.get());
                co_await turns();
                if (cancelled_first)
                    waits.cancel();
                p.set_value(7);
                if (!cancelled_first)
                    waits.cancel();
                const auto why = co_await caught(waits.get());
                CHECK((why != nullptr) == cancelled_first);
            });
            const auto again = co_await f.get(nothrow);
            CHECK(again.has_value() == cancelled_first);
        });
}

TEST_CASE("one coroutine at a time waits for a future", "[future]") {
    run_test([]() -> awaitable<> {
        promise<int> p;
        auto f = p.get_future();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(f.get());
            co_await turns();
            const auto refused = co_await f.get(nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == condition::argument);
            p.set_value(7);
            const int value = co_await waits.get();
            CHECK(value == 7);
        });
        auto moved = std::move(f);
        const auto empty = co_await f.get(nothrow); // NOLINT(bugprone-use-after-move)
        CHECK(empty.error() == condition::argument);
        CHECK_FALSE(f.ready());
    });
}

TEST_CASE(
    "a loop that ends while a future is awaited leaves nothing, and the promise can be set", "[future]"
) {
    auto owned = std::make_shared<int>();
    promise<std::shared_ptr<int>> outside;
    auto f = outside.get_future();
    {
        asio::io_context loop;
        auto waits = [&](std::shared_ptr<int>) -> awaitable<> { co_await f.get(); };
        auto own_promise = [](std::shared_ptr<int>) -> awaitable<> {
            promise<> inside;
            auto own = inside.get_future();
            co_await own.get();
        };
        asio::co_spawn(loop, waits(owned), asio::detached);
        asio::co_spawn(loop, own_promise(owned), asio::detached);
        loop.poll();
        CHECK(owned.use_count() == 3);
    }
    CHECK(owned.use_count() == 1);
    CHECK(outside.set_value(owned));
    run_test([&]() -> awaitable<> { // on another loop
        const auto value = co_await f.get();
        CHECK(value == owned);
    });
}

TEST_CASE("the wait for a future cancelled after any handler leaves nothing", "[future][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor) -> awaitable<> {
        promise<int> p;
        auto f = p.get_future();
        auto sets = [&]() -> awaitable<> {
            co_await turns(4);
            p.set_value(1);
        };
        co_await gather(f.get(), sets());
    });
    CHECK(steps > 5);
}

// What follows is run under ThreadSanitizer as well.

TEST_CASE(
    "promises are set on other threads, before, during and after the wait begins", "[future][threads]"
) {
    run_test([]() -> awaitable<> {
        constexpr int count = 500;
        std::vector<promise<std::string>> promises(count);
        std::vector<future<std::string>> futures;
        for (auto& p : promises)
            futures.push_back(p.get_future());
        auto sets = [&promises](int from) {
            for (int i = from; i < count; i += 2) {
                auto mine = std::move(promises[static_cast<std::size_t>(i)]);
                if (i % 5 == 0)
                    mine.set_error(errc::timed_out);
                else if (i % 7 != 0)
                    mine.set_value(std::to_string(i));
            }
        };
        std::thread even(sets, 0), odd(sets, 1);
        for (int i = 0; i < count; ++i) {
            const auto told = co_await futures[static_cast<std::size_t>(i)].get(nothrow);
            if (i % 5 == 0)
                CHECK(told.error() == condition::timeout);
            else if (i % 7 == 0)
                CHECK(told.error() == condition::closed);
            else
                CHECK(told.value() == std::to_string(i));
        }
        even.join();
        odd.join();
    });
}

TEST_CASE("of threads that set one promise, one does", "[future][threads]") {
    run_test([]() -> awaitable<> {
        for (int round = 0; round < 100; ++round) {
            promise<std::string> p;
            auto f = p.get_future();
            std::atomic<int> won = 0;
            std::atomic<int> winner = 0;
            std::vector<std::thread> threads;
            for (int i = 1; i <= 3; ++i)
                threads.emplace_back([&, i] {
                    if (p.set_value(std::to_string(i)))
                        ++won, winner = i;
                });
            const auto value = co_await f.get();
            for (auto& t : threads)
                t.join();
            CHECK(won == 1);
            CHECK(value == std::to_string(winner));
        }
    });
}

TEST_CASE(
    "cancelling the wait and setting the promise race, and the value is got once", "[future][threads]"
) {
    run_test([]() -> awaitable<> {
        for (int round = 0; round < 2000; ++round) {
            promise<std::unique_ptr<int>> p;
            auto f = p.get_future();
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                auto waits = tasks.spawn(f.get(nothrow));
                co_await turns(2);
                std::latch begin(2);
                std::thread setter([&] {
                    begin.arrive_and_wait();
                    p.set_value(std::make_unique<int>(round));
                });
                begin.arrive_and_wait();
                if (round % 2)
                    std::this_thread::yield();
                waits.cancel();
                auto told = co_await waits.get();
                if (!told) {
                    CHECK(told.error() == condition::cancelled);
                    told = co_await f.get(nothrow);
                }
                CHECK(**told == round);
                setter.join();
            });
        }
    });
}

TEST_CASE("a loop ends while promises are set on another thread", "[future][threads]") {
    for (int round = 0; round < 500; ++round) {
        std::vector<promise<int>> promises(4);
        auto loop = std::make_unique<asio::io_context>();
        auto waits = [](future<int> f) -> awaitable<> { co_await f.get(); };
        for (auto& p : promises)
            asio::co_spawn(*loop, waits(p.get_future()), asio::detached);
        loop->poll();
        std::latch begin(2);
        std::thread setter([&] {
            begin.arrive_and_wait();
            for (auto& p : promises)
                p.set_value(1);
        });
        begin.arrive_and_wait();
        if (round % 2)
            loop->poll();
        loop.reset();
        setter.join();
    }
}
