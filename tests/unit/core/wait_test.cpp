#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/gather.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/wait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

template <class Tasks>
log_of names(const Tasks& tasks) {
    log_of all;
    for (const auto& t : tasks)
        all.push_back(t.name());
    return all;
}

} // namespace

TEST_CASE("waiting for all tasks gives them in the order given", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<int>> all;
            all.push_back(tasks.spawn(number_after(9, 1), "slow"));
            all.push_back(tasks.spawn(number_after(1, 2), "quick"));
            auto [done, pending] = co_await wait(all);
            CHECK(names(done) == log_of{"slow", "quick"});
            CHECK(pending.empty());
            const int value = co_await done[0].get();
            CHECK(value == 1);
            auto again = co_await wait(all); // all have ended: at once
            CHECK(names(again.done) == log_of{"slow", "quick"});
        });
    });
}

TEST_CASE("what has not ended by the deadline is pending and goes on", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<>> all;
            all.push_back(tasks.spawn(sleep_for(1h), "an hour"));
            all.push_back(tasks.spawn(sleep_for(1s), "a moment"));
            all.push_back(tasks.spawn(sleep_for(2h), "two hours"));
            const auto begin = loop_clock::now();
            auto [done, pending] = co_await wait(all, 2s);
            CHECK(loop_clock::now() - begin == 2s);
            CHECK(names(done) == log_of{"a moment"});
            CHECK(names(pending) == log_of{"an hour", "two hours"});
            CHECK_FALSE(all[0].done());
            for (auto& late : pending)
                late.cancel();
            auto rest = co_await wait(pending);
            CHECK(names(rest.done) == log_of{"an hour", "two hours"});
            CHECK(loop_clock::now() - begin == 2s);
        });
    });
}

TEST_CASE("a wait without time gives the tasks one turn", "[wait]") {
    for (auto limit : {0ms, -5ms})
        testing::run([limit]() -> awaitable<> {
            co_await with_task_group(
                [](task_group& tasks, std::chrono::milliseconds limit) -> awaitable<> {
                    std::vector<task<>> all{tasks.spawn(sleep_for(1h))};
                    auto [done, pending] = co_await wait(all, limit);
                    CHECK(done.empty());
                    CHECK(pending == all);
                    tasks.cancel();
                },
                limit
            );
        });
}

TEST_CASE("waiting for the first of several tasks", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<int>> all;
            for (int i = 0; i < 4; ++i)
                all.push_back(tasks.spawn(number_after(2 + 10 * (4 - i), i), std::to_string(i)));
            auto pending = all;
            log_of order;
            while (!pending.empty()) {
                auto found = co_await wait_first(pending);
                for (const auto& t : found.done)
                    order.push_back(t.name());
                CHECK(found.done.size() + found.pending.size() == pending.size());
                CHECK_FALSE(found.done.empty());
                pending = std::move(found.pending);
            }
            CHECK(order == log_of{"3", "2", "1", "0"});
        });
    });
}

TEST_CASE("nothing is waited for when there is no task", "[wait]") {
    testing::run([]() -> awaitable<> {
        const std::vector<task<>> none;
        auto all = co_await wait(none);
        auto first = co_await wait_first(none, 1h);
        CHECK(all.done.empty());
        CHECK(first.pending.empty());
    });
}

TEST_CASE("waiting for the first has a deadline too", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<>> all{tasks.spawn(sleep_for(1h), "late"), tasks.spawn(sleep_for(2h))};
            const auto begin = loop_clock::now();
            auto [done, pending] = co_await wait_first(all, 59min);
            CHECK(done.empty());
            CHECK(pending == all);
            auto later = co_await wait_first(all, 59min);
            CHECK(names(later.done) == log_of{"late"});
            CHECK(loop_clock::now() - begin == 1h);
            tasks.cancel();
        });
    });
}

TEST_CASE("tasks of several types are waited for together", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            auto number = tasks.spawn(number_after(3, 7), "number");
            auto nothing = tasks.spawn(turns(30), "nothing");
            auto first = co_await wait_first(number, nothing);
            REQUIRE(first.done.size() == 1);
            CHECK(first.done.front() == number);
            CHECK(first.pending.front() == nothing);
            auto late = tasks.spawn(sleep_for(1h), "late");
            auto some = co_await wait(50ms, nothing, late, number);
            CHECK(names(some.done) == log_of{"nothing", "number"});
            CHECK(names(some.pending) == log_of{"late"});
            auto both = co_await wait(nothing, number);
            CHECK(both.pending.empty());
            auto one = co_await wait_first(10ms, late);
            CHECK(one.done.empty());
            std::vector<any_task> kept{number, late};
            auto mixed = co_await wait_first(kept);
            CHECK(names(mixed.done) == log_of{"number"});
            late.cancel();
        });
    });
}

TEST_CASE("a view of tasks is waited for", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<int>> all;
            for (int i = 0; i < 4; ++i)
                all.push_back(tasks.spawn(number_after(i, i), std::to_string(i)));
            auto odd = [](const task<int>& t) { return t.name() == "1" || t.name() == "3"; };
            auto found = co_await wait(all | std::views::filter(odd));
            CHECK(names(found.done) == log_of{"1", "3"});
        });
    });
}

TEST_CASE("an isolated task that fails is done, and disturbs nobody", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            auto bad = tasks.spawn_isolated(fails_after(2, "why"), "bad");
            auto good = tasks.spawn_isolated(number_after(20, 3), "good");
            auto first = co_await wait_first(bad, good);
            REQUIRE(names(first.done) == log_of{"bad"});
            CHECK_FALSE(good.done());
            CHECK_THROWS_WITH(std::rethrow_exception(bad.exception()), "why");
            const int value = co_await good.get();
            CHECK(value == 3);
            CHECK_FALSE(good.exception());
            const auto why = co_await caught(bad.get());
            CHECK_THROWS_WITH(std::rethrow_exception(why), "why");
        });
    });
}

TEST_CASE("a failure that nobody has asked for is thrown at the end of the group", "[wait]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        bool handle_kept = false;
        auto body = [&](task_group& tasks, bool keep, bool other_fails) -> awaitable<> {
            std::vector<task<>> kept;
            auto bad = tasks.spawn_isolated(fails_after(1, "unseen"));
            if (keep)
                kept.push_back(bad);
            auto neighbour = tasks.spawn(number_after(9, 1, &log));
            co_await neighbour.get(); // not disturbed
            handle_kept = bad.done();
            if (other_fails)
                throw std::runtime_error("the body");
        };
        for (bool keep : {false, true}) {
            const auto why = co_await caught(with_task_group(body, keep, false));
            REQUIRE(why);
            CHECK_THROWS_WITH(std::rethrow_exception(why), "unseen");
            CHECK(handle_kept);
        }
        CHECK(log == log_of{"1", "1"});
        const auto why = co_await caught(with_task_group(body, true, true));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "the body");
    });
}

TEST_CASE("an isolated task that is cancelled leaves nothing to be seen", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            auto one = tasks.spawn_isolated(sleep_for(1h));
            co_await turns(3);
            one.cancel();
        });
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            tasks.spawn_isolated(sleep_for(1h));
            co_await turns(3);
            tasks.cancel();
        });
    });
}

TEST_CASE("a task that fails cancels its group, and a wait of the group's body with it", "[wait]") {
    testing::run([]() -> awaitable<> {
        auto group = with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<>> all{tasks.spawn(fails_after(2, "why")), tasks.spawn(sleep_for(1h))};
            co_await wait(all);
        });
        const auto why = co_await caught(std::move(group));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "why");
    });
}

TEST_CASE("cancelling a wait leaves the tasks running", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<>> all{tasks.spawn(sleep_for(1h)), tasks.spawn(sleep_for(1h))};
            for (bool limited : {false, true}) {
                auto wait_limited = [&]() -> awaitable<> { co_await wait(all, 1h); };
                auto wait_always = [&]() -> awaitable<> { co_await wait(all); };
                auto waits =
                    limited ? tasks.spawn_isolated(wait_limited()) : tasks.spawn_isolated(wait_always());
                co_await turns(5);
                waits.cancel();
                const auto why = co_await caught(waits.get());
                CHECK(failure_of(why) == condition::cancelled);
            }
            CHECK_FALSE(all[0].done());
            tasks.cancel();
        });
    });
}

TEST_CASE("several wait for overlapping tasks at once", "[wait]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<int>> all;
            for (int i = 0; i < 3; ++i)
                all.push_back(tasks.spawn(number_after(5 * i + 2, i)));
            log_of log;
            auto waits = [&](std::size_t first, std::size_t count) -> awaitable<> {
                auto part = all | std::views::drop(first) | std::views::take(count);
                auto found = co_await wait(part);
                log.push_back(std::to_string(first) + "+" + std::to_string(found.done.size()));
            };
            co_await gather(waits(1, 2), waits(0, 2), waits(0, 3), waits(0, 1));
            CHECK(log == log_of{"0+1", "0+2", "1+2", "0+3"});
        });
    });
}

TEST_CASE("ten thousand tasks are waited for one after the other", "[wait]") {
    run_test([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            auto forever = tasks.spawn(sleep_for(1h));
            for (int i = 0; i < 10'000; ++i) {
                auto one = tasks.spawn(sleep_for(0s));
                auto found = co_await wait_first(forever, one); // leaves nothing with `forever`
                if (found.done.size() != 1)
                    FAIL("round " << i);
            }
            std::vector<task<>> all;
            for (int i = 0; i < 10'000; ++i) {
                all.push_back(tasks.spawn(sleep_for(0s)));
                if (i % 100 == 0)
                    co_await sleep_for(0s); // the loop is watched
            }
            auto found = co_await wait(all);
            CHECK(found.done.size() == 10'000);
            forever.cancel();
        });
    });
}

TEST_CASE("a wait cancelled after any of its handlers leaves nothing", "[wait][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor) -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::vector<task<int>> all;
            for (int i = 0; i < 3; ++i)
                all.push_back(tasks.spawn_isolated(number_after(i, i)));
            auto first = co_await wait_first(all);
            auto rest = co_await wait(first.pending, 1h);
            CHECK(rest.pending.empty());
        });
    });
    CHECK(steps > 10);
}

TEST_CASE("a wait is destroyed with its loop", "[wait][shutdown]") {
    bool gone = false;
    struct witness {
        bool& gone;
        ~witness() { gone = true; }
    };
    std::optional<task<>> left;
    auto body = [&]() -> awaitable<> {
        witness w{gone};
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            std::vector<task<>> all{tasks.spawn(sleep_for(1h)), tasks.spawn(sleep_for(1h))};
            left = all[0];
            co_await wait(all, 1h);
        });
    };
    {
        boost::asio::io_context loop;
        boost::asio::co_spawn(loop, body(), boost::asio::detached);
        loop.poll();
        CHECK_FALSE(gone);
    }
    CHECK(gone);
    CHECK_FALSE(left->done());
}
