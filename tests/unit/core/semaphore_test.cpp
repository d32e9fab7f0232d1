#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/blocking.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/semaphore.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <optional>
#include <random>
#include <ranges>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("no more hold a permit at once than there are places, first come, first served", "[semaphore]") {
    run_test([]() -> awaitable<> {
        semaphore places(co_await this_coro::executor, 3);
        int inside = 0, most = 0;
        std::vector<int> order;
        auto job = [&](int number) -> awaitable<> {
            auto permit = co_await places.acquire();
            CHECK(permit);
            order.push_back(number);
            most = std::max(most, ++inside);
            co_await turns(number % 3);
            --inside;
        };
        co_await gather(std::views::iota(0, 50) | std::views::transform(std::ref(job)));
        CHECK(most == 3);
        CHECK(std::ranges::is_sorted(order));
        CHECK(order.size() == 50);
        CHECK(places.stats().free == 3);
        CHECK(places.stats().waiting == 0);
    });
}

TEST_CASE("a permit is moved, and released once", "[semaphore]") {
    asio::io_context loop;
    semaphore places(loop.get_executor(), 2);
    auto first = places.try_acquire();
    REQUIRE(first);
    auto moved = std::move(first);
    CHECK(moved);
    CHECK_FALSE(first); // NOLINT(bugprone-use-after-move)
    CHECK(places.stats().free == 1);
    auto second = places.try_acquire();
    CHECK(places.stats().free == 0);
    CHECK_FALSE(places.try_acquire());
    second = std::move(moved); // gives back what it held
    CHECK(second);
    CHECK(places.stats().free == 1);
    second.release();
    second.release();
    CHECK_FALSE(second);
    CHECK(places.stats().free == 2);
    semaphore::permit().release();
}

TEST_CASE("a place that is given back goes to who waits, not to who tries", "[semaphore]") {
    run_test([]() -> awaitable<> {
        semaphore places(co_await this_coro::executor, 1);
        auto held = places.try_acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(places.acquire());
            co_await turns();
            CHECK(places.stats().waiting == 1);
            held.release();
            CHECK(places.stats().waiting == 0);
            CHECK_FALSE(places.try_acquire());
            auto got = co_await waits.get();
            CHECK(got);
        });
        CHECK(places.stats().free == 1);
    });
}

TEST_CASE("acquire never completes inside the call", "[semaphore]") {
    asio::io_context loop;
    semaphore places(loop.get_executor(), 1);
    int completed = 0;
    asio::post(loop, [&] {
        places.acquire([&](error_code, semaphore::permit) { ++completed; });
        CHECK(completed == 0);
    });
    loop.run();
    CHECK(completed == 1);
    CHECK(places.stats().free == 1);
}

TEST_CASE("those that wait for a semaphore have a limit", "[semaphore]") {
    run_test([]() -> awaitable<> {
        semaphore places(co_await this_coro::executor, 1, 1);
        auto held = places.try_acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(places.acquire());
            co_await turns();
            auto refused = co_await places.acquire(nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == error_code(errc::queue_full));
            CHECK(refused.error().phase() == phase::queue);
            CHECK(refused.error().limit() == "max_queued 1");
            CHECK(refused.error().doing() == "semaphore::acquire");
            held.release();
            auto got = co_await waits.get();
            CHECK(got);
        });
        semaphore nobody_waits(co_await this_coro::executor, 1, 0);
        auto free = co_await nobody_waits.acquire();
        CHECK(free);
    });
}

TEST_CASE("a waiter that is cancelled leaves its place in the queue to the next", "[semaphore]") {
    testing::run([]() -> awaitable<> {
        semaphore places(co_await this_coro::executor, 1);
        auto held = places.try_acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto leaves = tasks.spawn(places.acquire());
            auto stays = tasks.spawn(places.acquire());
            co_await turns();
            leaves.cancel();
            const auto why = co_await caught(leaves.get());
            CHECK(failure_of(why) == condition::cancelled);
            CHECK(places.stats().waiting == 1);
            held.release();
            auto got = co_await stays.get();
            CHECK(got);
        });
        CHECK(places.stats().free == 1);
        held = places.try_acquire();
        const auto late = co_await caught(timeout(1ms, places.acquire()));
        CHECK(failure_of(late) == condition::timeout);
        CHECK(places.stats().waiting == 0);
    });
}

TEST_CASE("a cancel in the turn of the grant comes too late, and loses no place", "[semaphore]") {
    for (bool cancelled_first : {false, true}) {
        asio::io_context loop;
        semaphore places(loop.get_executor(), 1);
        auto held = places.try_acquire();
        asio::cancellation_signal signal;
        std::optional<error_code> ended;
        auto on_end = [&](error_code code, semaphore::permit got) {
            ended = code;
            CHECK(static_cast<bool>(got) == !code);
        };
        asio::post(loop, [&] { places.acquire(asio::bind_cancellation_slot(signal.slot(), on_end)); });
        loop.poll();
        loop.restart();
        asio::post(loop, [&] {
            if (cancelled_first)
                signal.emit(asio::cancellation_type::all);
            held.release();
            if (!cancelled_first)
                signal.emit(asio::cancellation_type::all);
        });
        loop.run();
        REQUIRE(ended);
        CHECK((*ended == condition::cancelled) == cancelled_first);
        CHECK(places.stats().free == 1);
    }
}

TEST_CASE("a semaphore's end is told to those that wait, and a permit may outlive it", "[semaphore]") {
    run_test([]() -> awaitable<> {
        auto places = std::make_optional<semaphore>(co_await this_coro::executor, 1);
        auto held = places->try_acquire();
        auto deferred = places->acquire(asio::as_tuple(asio::deferred));
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(places->acquire(nothrow));
            co_await turns();
            places.reset();
            auto told = co_await waits.get();
            REQUIRE(told.has_error());
            CHECK(told.error() == error_code(errc::closed));
            CHECK_THAT(told.error().message(), containing("the semaphore was destroyed"));
        });
        auto [code, none] = co_await std::move(deferred);
        CHECK(code == errc::closed);
        CHECK_FALSE(none);
        CHECK(held);
        held.release();
    });
}

TEST_CASE("a loop that ends with waiters and permits leaves nothing", "[semaphore]") {
    auto owned = std::make_shared<int>();
    semaphore::permit outlives;
    {
        asio::io_context loop;
        // In the coroutine's own frame, beside a permit: nothing of it may keep the other alive.
        auto program = [](std::shared_ptr<int> owner) -> awaitable<> {
            semaphore places(co_await this_coro::executor, 1);
            auto held = co_await places.acquire();
            auto never = co_await places.acquire();
            CHECK(owner == nullptr);
        };
        asio::co_spawn(loop, program(owned), asio::detached);
        auto shared = std::make_shared<semaphore>(loop.get_executor(), 1);
        outlives = shared->try_acquire();
        auto waits = [](std::shared_ptr<semaphore> places, std::shared_ptr<int>) -> awaitable<> {
            auto permit = co_await places->acquire();
            auto another = co_await places->acquire();
        };
        for (int i = 0; i < 3; ++i)
            asio::co_spawn(loop, waits(shared, owned), asio::detached);
        loop.poll();
        CHECK(shared->stats().waiting == 3);
        CHECK(owned.use_count() == 5);
    }
    CHECK(owned.use_count() == 1);
    outlives.release();
}

TEST_CASE("a permit that was granted and never received gives its place back", "[semaphore]") {
    std::optional<semaphore> places; // on a loop that lives on
    asio::io_context home;
    places.emplace(home.get_executor(), 1);
    {
        asio::io_context elsewhere;
        places->acquire(asio::bind_executor(elsewhere, [](error_code, semaphore::permit) { FAIL(); }));
        home.poll();
        home.restart();
        CHECK(places->stats().free == 0);
    }
    CHECK(places->stats().free == 1);
}

TEST_CASE("acquire cancelled after any handler leaves nothing", "[semaphore][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor loop) -> awaitable<> {
        semaphore places(loop, 1);
        auto held = places.try_acquire();
        auto gives_back = [&]() -> awaitable<> {
            co_await turns(4);
            held.release();
        };
        auto waits = [&]() -> awaitable<> { auto permit = co_await places.acquire(); };
        std::exception_ptr why;
        try {
            co_await gather(waits(), gives_back(), waits());
        } catch (...) {
            why = std::current_exception();
        }
        held.release();
        CHECK(places.stats().free == 1);
        CHECK(places.stats().waiting == 0);
        if (why)
            std::rethrow_exception(why);
    });
    CHECK(steps > 6);
    const auto direct = step_cancel([](asio::io_context& loop) {
        auto places = std::make_shared<semaphore>(loop.get_executor(), 1);
        return [places, &loop](auto handler) {
            // Released some turns later, so that some rounds cancel before and some after.
            auto held = std::make_shared<semaphore::permit>(places->try_acquire());
            places->acquire(std::move(handler));
            asio::post(loop, [&loop, held] { asio::post(loop, [held] { held->release(); }); });
        };
    });
    CHECK(direct > 1);
}

TEST_CASE("thousands of random cancels lose no place and let nobody in who has none", "[semaphore]") {
    run_test([]() -> awaitable<> {
        std::mt19937 random(4711);
        semaphore places(co_await this_coro::executor, 3);
        int inside = 0, most = 0, got = 0, cancelled = 0;
        auto job = [&](int pause) -> awaitable<> {
            auto permit = co_await places.acquire();
            ++got;
            most = std::max(most, ++inside);
            try {
                co_await turns(pause);
            } catch (const boost::system::system_error&) {
            }
            --inside;
        };
        for (int round = 0; round < 300; ++round)
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                std::vector<task<>> all;
                for (int i = 0; i < 10; ++i)
                    all.push_back(tasks.spawn(job(static_cast<int>(random() % 4))));
                for (int i = 0; i < 10; ++i) {
                    co_await turns(static_cast<int>(random() % 2));
                    auto& one = all[random() % all.size()];
                    cancelled += !one.done();
                    one.cancel();
                }
            });
        CHECK(most == 3);
        CHECK(inside == 0);
        CHECK(got > 1000);
        CHECK(got < 3000);
        CHECK(cancelled > 1000);
        CHECK(places.stats().free == 3);
        CHECK(places.stats().waiting == 0);
    });
}

TEST_CASE("permits are given back on any thread", "[semaphore]") {
    run_test([]() -> awaitable<> {
        blocking_pool pool(2);
        semaphore places(co_await this_coro::executor, 2);
        int passed = 0;
        auto job = [&](int) -> awaitable<> {
            auto permit = co_await places.acquire();
            ++passed;
            co_await run_blocking(
                pool, [](semaphore::permit) {}, std::move(permit)
            );
        };
        co_await gather(std::views::iota(0, 500) | std::views::transform(std::ref(job)), 50);
        CHECK(passed == 500);
        CHECK(places.stats().free == 2);
    });
}

TEST_CASE("a semaphore's loop ends while permits are given back on another thread", "[semaphore]") {
    for (int round = 0; round < 200; ++round) {
        auto loop = std::make_unique<asio::io_context>();
        auto places = std::make_shared<semaphore>(loop->get_executor(), 1);
        auto held = places->try_acquire();
        for (int i = 0; i < 3; ++i)
            places->acquire([places](error_code, semaphore::permit) {});
        loop->poll();
        std::thread other([&] { held.release(); });
        loop.reset();
        other.join();
        CHECK(places->stats().waiting == 0);
        CHECK(places->stats().free == 1);
    }
}

TEST_CASE("coroutines of other loops wait for a semaphore and are cancelled there", "[semaphore][threads]") {
    asio::io_context home(1);
    semaphore places(home.get_executor(), 2);
    std::atomic<int> inside = 0, most = 0, got = 0, late = 0; // Catch2's macros are for one thread
    auto job = [&](int number) -> awaitable<> {
        auto permit = co_await timeout(std::chrono::microseconds(number % 5 * 50), places.acquire(nothrow));
        if (!permit) {
            late += permit.error() == condition::timeout;
            co_return;
        }
        ++got;
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        co_await sleep_for(0s);
        --inside;
    };
    auto all = [&]() -> awaitable<> {
        co_await gather(std::views::iota(0, 400) | std::views::transform(std::ref(job)), 10);
    };
    {
        auto open = asio::make_work_guard(home);
        std::thread at_home([&] { home.run(); });
        auto work = [&] { run_test(all, 60s, 10s); }; // two loops share a core here
        std::thread one(work), two(work);
        one.join();
        two.join();
        open.reset();
        at_home.join();
    }
    CHECK(most <= 2);
    CHECK(got + late == 800);
    CHECK(got > 0);
    CHECK(places.stats().free == 2);
    CHECK(places.stats().waiting == 0);
}
