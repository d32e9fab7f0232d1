#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/task.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("the first task that fails cancels the others and the body", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        auto group = with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(slow_to_end(log, "sibling"));
            tasks.spawn(fails_after(3, "the first"));
            tasks.spawn(fails_after(50, "too late"));
            co_await slow_to_end(log, "body");
        });
        const auto why = co_await caught(std::move(group));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "the first");
        CHECK(log.size() == 6); // both began, were cancelled, and ended before the group did
    });
}

TEST_CASE("a group whose body throws cancels and awaits its tasks", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        auto group = with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(slow_to_end(log, "task"));
            co_await fails_after(3, "the body");
        });
        const auto why = co_await caught(std::move(group));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "the body");
        CHECK(log == log_of{"task began", "task cancelled", "task ended"});
    });
}

TEST_CASE("a group that is cancelled awaits its tasks", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        auto inner = [&]() -> awaitable<> {
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                tasks.spawn(slow_to_end(log, "task"));
                co_await sleep_for(1h);
            });
        };
        co_await with_task_group([&](task_group& outer) -> awaitable<> {
            auto group = outer.spawn(inner());
            co_await turns();
            group.cancel();
            const auto why = co_await caught(group.get());
            CHECK(failure_of(why) == condition::cancelled);
            CHECK(log == log_of{"task began", "task cancelled", "task ended"});
        });
    });
}

TEST_CASE("cancelling one task leaves the others alone", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto one = tasks.spawn(sleep_for(1h));
            auto other = tasks.spawn(number_after(10, 2));
            co_await sleep_for(0s);
            one.cancel();
            one.cancel();
            const auto why = co_await caught(one.get());
            CHECK(failure_of(why) == condition::cancelled);
            CHECK_FALSE(other.done());
            const int value = co_await other.get();
            CHECK(value == 2);
            one.cancel(); // it has ended: nothing happens
        });
    });
}

TEST_CASE("a task cancelled before it began never runs", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto one = tasks.spawn(slow_to_end(log, "one"));
            one.cancel();
            CHECK_FALSE(one.done());
            const auto why = co_await caught(one.get());
            CHECK(failure_of(why) == condition::cancelled);
        });
        CHECK(log.empty());
    });
}

TEST_CASE("a task cancelled while it waits for a place ends at once", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_bounded_task_group(1, [&](task_group& tasks) -> awaitable<> {
            auto running = tasks.spawn(sleep_for(1h));
            auto waiting = tasks.spawn(slow_to_end(log, "waiting"));
            auto next = tasks.spawn(number_after(1, 3));
            co_await sleep_for(0s);
            waiting.cancel();
            const auto why = co_await caught(waiting.get());
            CHECK(failure_of(why) == condition::cancelled);
            CHECK_FALSE(running.done());
            CHECK_FALSE(next.done());
            running.cancel();
            const int value = co_await next.get();
            CHECK(value == 3);
        });
        CHECK(log.empty());
    });
}

TEST_CASE("a group that cancels itself ends without an error", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_bounded_task_group(1, [&](task_group& tasks) -> awaitable<> {
            tasks.spawn(slow_to_end(log, "running"));
            tasks.spawn(slow_to_end(log, "waiting"));
            co_await turns();
            tasks.cancel();
            tasks.spawn(slow_to_end(log, "too late"));
        });
        CHECK(log == log_of{"running began", "running cancelled", "running ended"});
    });
}

TEST_CASE("cancelling the wait for a task leaves it running", "[task]") {
    run_test([]() -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto job = tasks.spawn(number_after(20, 7));
            auto waits = tasks.spawn(job.get());
            co_await sleep_for(0s);
            co_await sleep_for(0s);
            waits.cancel();
            const auto why = co_await caught(waits.get());
            CHECK(failure_of(why) == condition::cancelled);
            CHECK_FALSE(job.done());
            const int value = co_await job.get();
            CHECK(value == 7);
        });
    });
}

TEST_CASE("a task's own failure is what get throws", "[task]") {
    run_test([]() -> awaitable<> {
        std::exception_ptr seen;
        auto group = with_task_group([&](task_group& tasks) -> awaitable<> {
            auto bad = tasks.spawn(fails_after(0, "why"));
            co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
            seen = co_await caught(bad.get());
        });
        const auto why = co_await caught(std::move(group));
        CHECK_THROWS_WITH(std::rethrow_exception(seen), "why");
        CHECK_THROWS_WITH(std::rethrow_exception(why), "why");
    });
}

TEST_CASE("a group cancelled after any of its handlers leaves nothing", "[task][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor) -> awaitable<> {
        co_await with_bounded_task_group(2, [](task_group& tasks) -> awaitable<> {
            for (int i = 0; i < 4; ++i)
                tasks.spawn(number_after(2, i));
            auto last = tasks.spawn(number_after(1, 5));
            co_await last.get();
        });
    });
    CHECK(steps > 10);
}

TEST_CASE("a second failure does not interrupt what the others do on their way out", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        auto fails_when_cancelled = []() -> awaitable<> {
            try {
                co_await sleep_for(1h);
            } catch (...) {
            }
            throw std::runtime_error("the second");
        };
        auto group = with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(slow_to_end(log, "sibling"));
            tasks.spawn(fails_when_cancelled());
            tasks.spawn(fails_after(3, "the first"));
            co_return;
        });
        const auto why = co_await caught(std::move(group));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "the first");
        CHECK(log == log_of{"sibling began", "sibling cancelled", "sibling ended"});
    });
}
