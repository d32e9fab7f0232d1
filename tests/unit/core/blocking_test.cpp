#include "tests/support/catch.hpp"
#include "tests/support/resources.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include <oneloop/blocking.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/sleep.hpp>
#include <oneloop/task.hpp>
#include <oneloop/timeout.hpp>

#include <barrier>
#include <latch>
#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// A pool whose threads are all busy until it is released. Its destructor must not wait for what was never
// released.
class busy_pool {
public:
    explicit busy_pool(std::size_t threads, std::size_t queue_limit = 100)
        : began_(static_cast<std::ptrdiff_t>(threads)), pool(threads, queue_limit) {}
    ~busy_pool() { release(); }

    void hold() {
        began_.count_down();
        released_.wait();
    }
    void release() {
        if (!released_.try_wait())
            released_.count_down();
    }
    awaitable<> occupy(task_group& tasks, std::size_t threads) {
        for (std::size_t i = 0; i < threads; ++i)
            tasks.spawn(run_blocking(pool, &busy_pool::hold, this));
        co_await sleep_for(0s);
        co_await sleep_for(0s);
        began_.wait(); // they are on their way: it takes no longer than it takes to start a thread
    }

private:
    std::latch began_, released_{1};

public:
    blocking_pool pool;
};

} // namespace

TEST_CASE("run_blocking runs a function on another thread and gives its value on the loop", "[blocking]") {
    run_test([]() -> awaitable<> {
        const auto loop_thread = std::this_thread::get_id();
        const auto ran_on = co_await run_blocking([] { return std::this_thread::get_id(); });
        CHECK(ran_on != loop_thread);
        CHECK(std::this_thread::get_id() == loop_thread);
        const int sum = co_await run_blocking(std::plus<int>(), 3, 4);
        CHECK(sum == 7);
        co_await run_blocking([] {});
    });
}

TEST_CASE("run_blocking owns the function's arguments, and gives what can only be moved", "[blocking]") {
    run_test([]() -> awaitable<> {
        std::string text = "some text that is too long to be stored without memory of its own";
        auto length = [](const std::string& t) { return t.size(); };
        const std::size_t n = co_await run_blocking(length, std::move(text));
        CHECK(n == 65);
        auto same = [](std::unique_ptr<int> p) { return p; };
        auto given = std::make_unique<int>(7);
        const auto back = co_await run_blocking(same, std::move(given));
        CHECK(*back == 7);
    });
}

TEST_CASE("run_blocking throws what its function throws", "[blocking]") {
    run_test([]() -> awaitable<> {
        auto fails = [](int number) -> int { throw std::runtime_error("number " + std::to_string(number)); };
        const auto why = co_await caught(run_blocking(fails, 7));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "number 7");
    });
}

TEST_CASE("as many functions block at once as the pool has threads", "[blocking]") {
    blocking_pool pool(4);
    run_test([&]() -> awaitable<> {
        std::barrier all_here(4); // nobody passes before four are there
        auto meet = [](std::barrier<>* b) { b->arrive_and_wait(); };
        std::vector<awaitable<>> meetings;
        for (int i = 0; i < 8; ++i)
            meetings.push_back(run_blocking(pool, meet, &all_here));
        co_await gather(std::move(meetings));
    });
    CHECK(pool.stats().threads == 4);
}

TEST_CASE("a pool starts no thread before its first use, and leaves none", "[blocking]") {
    const auto before = resources_now();
    {
        blocking_pool pool(3);
        CHECK(resources_now().threads == before.threads);
        run_test([&]() -> awaitable<> { co_await run_blocking(pool, [] {}); });
        CHECK(resources_now().threads == before.threads + 3);
    }
    require_same_resources(before);
}

TEST_CASE("a call that is cancelled before it begins never runs", "[blocking]") {
    std::atomic<bool> ran = false;
    {
        busy_pool busy(1);
        run_test([&]() -> awaitable<> {
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                co_await busy.occupy(tasks, 1);
                auto waiting = tasks.spawn(run_blocking(busy.pool, [&ran] { ran = true; }));
                co_await turns();
                waiting.cancel();
                const auto why = co_await caught(waiting.get());
                CHECK(failure_of(why) == condition::cancelled);
                busy.release();
            });
        });
    } // the pool's destructor: whatever was to run has run
    CHECK_FALSE(ran);
}

TEST_CASE("a call that is cancelled while it runs completes at once and runs to its end", "[blocking]") {
    std::atomic<bool> ended = false;
    {
        busy_pool busy(1);
        run_test([&]() -> awaitable<> {
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                std::latch began(1);
                auto hold = [](busy_pool* pool, std::latch* b, std::atomic<bool>* e) {
                    b->count_down();
                    pool->hold();
                    *e = true;
                };
                auto running = tasks.spawn(run_blocking(busy.pool, hold, &busy, &began, &ended));
                co_await sleep_for(0s);
                co_await sleep_for(0s);
                began.wait();
                running.cancel();
                const auto why = co_await caught(running.get());
                CHECK(failure_of(why) == condition::cancelled);
                CHECK_FALSE(ended);
                busy.release();
            });
        });
    }
    CHECK(ended);
}

TEST_CASE("a timeout ends the wait for a function that blocks", "[blocking]") {
    busy_pool busy(1);
    run_test([&]() -> awaitable<> {
        const auto why = co_await caught(timeout(1ms, run_blocking(busy.pool, &busy_pool::hold, &busy)));
        CHECK(failure_of(why) == condition::timeout);
        busy.release();
    });
}

TEST_CASE("a pool has a limit of those that wait, and counts them", "[blocking]") {
    busy_pool busy(1, 1);
    run_test([&]() -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            co_await busy.occupy(tasks, 1);
            auto waiting = tasks.spawn(run_blocking(busy.pool, [] { return 7; }));
            co_await turns();
            CHECK(busy.pool.stats().running == 1);
            CHECK(busy.pool.stats().waiting == 1);
            const auto why = co_await caught(run_blocking(busy.pool, [] {}));
            const auto told = failure_of(why);
            CHECK(told == condition::limit);
            CHECK(told.phase() == phase::queue);
            CHECK(told.limit() == "queue_limit 1");
            CHECK(told.outcome() == outcome::not_sent);
            busy.release();
            const int value = co_await waiting.get();
            CHECK(value == 7);
        });
    });
}

TEST_CASE("a loop that dies while a function runs is not touched afterwards", "[blocking]") {
    auto result = std::make_shared<int>(0);
    std::weak_ptr<int> watched = result;
    bool resumed = false;
    auto busy = std::make_unique<busy_pool>(1);
    {
        boost::asio::io_context loop;
        std::latch began(1);
        auto hold = [](busy_pool* pool, std::latch* b, std::shared_ptr<int> r) {
            b->count_down();
            pool->hold();
            return r;
        };
        auto program = [&](std::shared_ptr<int> r) -> awaitable<> {
            co_await run_blocking(busy->pool, hold, busy.get(), &began, std::move(r));
            resumed = true;
        };
        boost::asio::co_spawn(loop, program(std::move(result)), boost::asio::detached);
        loop.poll();
        began.wait();
    }
    busy->release();
    busy.reset(); // waits for the function
    CHECK(watched.expired());
    CHECK_FALSE(resumed);
}

TEST_CASE("calls and their cancellation race, and each completes once", "[blocking]") {
    blocking_pool pool(2);
    run_test([&]() -> awaitable<> {
        int completed = 0;
        auto call = [&](int i) -> awaitable<> {
            const auto limit = std::chrono::microseconds(i % 7 * 20);
            const auto why =
                co_await caught(timeout(limit, run_blocking(pool, [] { std::this_thread::yield(); })));
            if (why)
                CHECK(failure_of(why) == condition::timeout);
            ++completed;
        };
        co_await gather(std::views::iota(0, 2000) | std::views::transform(std::ref(call)), 20);
        CHECK(completed == 2000);
    });
}
