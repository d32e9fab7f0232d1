#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>

#include <numeric>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

awaitable<> notes(log_of& log, std::string what) {
    log.push_back(what);
    co_return;
}

} // namespace

TEST_CASE("a task starts on the next turn, never inside spawn", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(notes(log, "task"));
            log.push_back("spawned");
            co_await sleep_for(0s);
            log.push_back("a turn later");
        });
        CHECK(log == log_of{"spawned", "task", "a turn later"});
    });
}

TEST_CASE("tasks run beside one another and give their values", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto slow = tasks.spawn(number_after(6, 1, &log));
            auto quick = tasks.spawn(number_after(2, 2, &log));
            CHECK_FALSE(slow.done());
            const int a = co_await slow.get();
            CHECK(quick.done());
            const int b = co_await quick.get();
            CHECK(a == 1);
            CHECK(b == 2);
        });
        CHECK(log == log_of{"2", "1"});
    });
}

TEST_CASE("a group awaits tasks that nobody asks for", "[task]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(number_after(9, 1, &log));
            co_return;
        });
        CHECK(log == log_of{"1"});
    });
}

TEST_CASE("a group without tasks ends with its body", "[task]") {
    run_test([]() -> awaitable<> {
        bool ran = false;
        co_await with_task_group([&](task_group&) -> awaitable<> {
            ran = true;
            co_return;
        });
        CHECK(ran);
    });
}

TEST_CASE("the body of a group owns what it is given", "[task]") {
    run_test([]() -> awaitable<> {
        std::vector<int> seen;
        auto given = std::make_unique<int>(7);
        auto body = [&](task_group&, std::unique_ptr<int> mine, std::string name) -> awaitable<> {
            co_await sleep_for(0s);
            seen.push_back(*mine);
            CHECK(name == "name");
        };
        co_await with_task_group(body, std::move(given), std::string("name"));
        CHECK(seen == std::vector<int>{7});
    });
}

TEST_CASE("no more tasks run at once than the bound of the group", "[task]") {
    for (std::size_t bound : {1, 2, 5})
        testing::run([bound]() -> awaitable<> {
            std::size_t running = 0, most = 0;
            std::vector<int> order;
            auto job = [&](int number) -> awaitable<> {
                most = std::max(most, ++running);
                order.push_back(number);
                co_await sleep_for(1ms);
                --running;
            };
            co_await with_bounded_task_group(bound, [&](task_group& tasks) -> awaitable<> {
                for (int i = 0; i < 10; ++i)
                    tasks.spawn(job(i));
                co_return;
            });
            CHECK(most == bound);
            CHECK(running == 0);
            std::vector<int> all(10);
            std::iota(all.begin(), all.end(), 0);
            CHECK(order == all); // first come, first served
        });
}

TEST_CASE("the body of a bounded group takes no place", "[task]") {
    run_test([]() -> awaitable<> {
        int sum = 0;
        co_await with_bounded_task_group(1, [&](task_group& tasks) -> awaitable<> {
            auto only = tasks.spawn(number_after(2, 1));
            sum += co_await only.get(); // would wait for itself for ever
            auto next = tasks.spawn(number_after(2, 2));
            sum += co_await next.get();
        });
        CHECK(sum == 3);
    });
}

TEST_CASE("tasks start tasks of their own group", "[task]") {
    run_test([]() -> awaitable<> {
        int leaves = 0;
        std::function<awaitable<>(task_group&, int)> tree = [&](task_group& tasks, int depth) -> awaitable<> {
            co_await sleep_for(0s);
            if (depth == 0)
                ++leaves;
            else
                for (int i = 0; i < 2; ++i)
                    tasks.spawn(tree(tasks, depth - 1));
        };
        co_await with_bounded_task_group(3, [&](task_group& tasks) -> awaitable<> { return tree(tasks, 5); });
        CHECK(leaves == 32);
    });
}

TEST_CASE("many tasks", "[task]") {
    run_test([]() -> awaitable<> {
        int sum = 0;
        auto job = [&](int i) -> awaitable<> {
            co_await sleep_for(0s);
            sum += i;
        };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            for (int i = 1; i <= 1000; ++i)
                tasks.spawn(job(i));
            co_return;
        });
        CHECK(sum == 500'500);
    });
}

TEST_CASE("several wait for one task", "[task]") {
    testing::run([]() -> awaitable<> {
        int woken = 0;
        auto waits = [&](task<> one) -> awaitable<> {
            co_await one.get();
            ++woken;
        };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto one = tasks.spawn(sleep_for(1ms));
            for (int i = 0; i < 3; ++i)
                tasks.spawn(waits(one));
            co_await one.get();
            co_await one.get(); // nothing can be taken twice
        });
        CHECK(woken == 3);
    });
}

TEST_CASE("a body that throws before it is a coroutine leaves no task running", "[task_group]") {
    run_test([]() -> awaitable<> {
        bool ended = false;
        auto task = [](bool& end) -> awaitable<> {
            try {
                co_await sleep_for(1h);
            } catch (...) {
                end = true;
                throw;
            }
        };
        auto body = [&](task_group& tasks) -> awaitable<> {
            tasks.spawn(task(ended));
            tasks.spawn(sleep_for(1h));
            throw std::runtime_error("no coroutine");
        };
        const auto why = co_await caught(with_task_group(body));
        REQUIRE(why);
        CHECK_THROWS_AS(std::rethrow_exception(why), std::runtime_error);
    });
}
