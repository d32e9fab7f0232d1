#include "tests/support/catch.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/gather.hpp>
#include <oneloop/task.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("gather throws the first failure when all have ended", "[gather]") {
    run_test([]() -> awaitable<> {
        log_of log;
        std::vector<awaitable<>> all;
        all.push_back(slow_to_end(log, "a"));
        all.push_back(fails_after(3, "the first"));
        all.push_back(fails_after(50, "too late"));
        const auto why = co_await caught(gather(std::move(all)));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "the first");
        CHECK(log == log_of{"a began", "a cancelled", "a ended"});
    });
}

TEST_CASE("gather of a tuple throws the first failure when all have ended", "[gather]") {
    run_test([]() -> awaitable<> {
        log_of log;
        const auto why = co_await caught(gather(slow_to_end(log, "a"), fails_after(3, "b")));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "b");
        CHECK(log == log_of{"a began", "a cancelled", "a ended"});
    });
}

TEST_CASE("gather does not begin what waits for a place when one has failed", "[gather]") {
    run_test([]() -> awaitable<> {
        int begun = 0;
        auto job = [&](int) -> awaitable<> {
            ++begun;
            co_await fails_after(1, "failed");
        };
        auto all = gather(std::views::iota(0, 10) | std::views::transform(std::ref(job)), 2);
        const auto why = co_await caught(std::move(all));
        CHECK(why);
        CHECK(begun == 2);
    });
}

TEST_CASE("gather of coroutines that do not throw gives every outcome", "[gather]") {
    run_test([]() -> awaitable<> {
        oracle o(co_await this_coro::executor);
        const std::vector<std::string> questions{"a", "fail", "b"};
        const auto answers =
            co_await gather(questions | std::views::transform([&](auto& q) { return o.ask(q, nothrow); }), 2);
        REQUIRE(answers.size() == 3);
        CHECK(*answers[0] == "because of a");
        CHECK(answers[1].error() == condition::timeout);
        CHECK(*answers[2] == "because of b");
    });
}

TEST_CASE("gather passes on what the making of a coroutine throws", "[gather]") {
    run_test([]() -> awaitable<> {
        log_of log;
        auto make = [&](int n) {
            if (n == 1)
                throw std::runtime_error("cannot make it");
            return slow_to_end(log, std::to_string(n));
        };
        auto all = gather(std::views::iota(0, 3) | std::views::transform(std::ref(make)));
        const auto why = co_await caught(std::move(all));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "cannot make it");
        CHECK(log.empty()); // cancelled before it began
    });
}

TEST_CASE("gather that is cancelled awaits its coroutines", "[gather]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto job = [&](int n) { return slow_to_end(log, std::to_string(n)); };
            auto all = tasks.spawn(gather(std::views::iota(0, 9) | std::views::transform(job), 2));
            co_await turns();
            all.cancel();
            const auto why = co_await caught(all.get());
            CHECK(failure_of(why) == condition::cancelled);
        });
        CHECK(log == log_of{"0 began", "1 began", "0 cancelled", "1 cancelled", "0 ended", "1 ended"});
    });
}

TEST_CASE("gather in a coroutine that is cancelled already begins nothing", "[gather]") {
    run_test([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto body = [&]() -> awaitable<> {
                auto before = co_await caught(sleep_for(1h));
                CHECK(failure_of(before) == condition::cancelled);
                co_await this_coro::throw_if_cancelled(false);
                co_await gather(slow_to_end(log, "a"), slow_to_end(log, "b"));
            };
            auto job = tasks.spawn(body());
            co_await turns();
            job.cancel();
            const auto why = co_await caught(job.get());
            CHECK(failure_of(why) == condition::cancelled);
        });
        CHECK(log.empty());
    });
}

TEST_CASE("gather cancelled after any of its handlers leaves nothing", "[gather][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor) -> awaitable<std::vector<int>> {
        return gather(
            std::views::iota(0, 5) | std::views::transform([](int n) { return number_after(2, n); }), 2
        );
    });
    CHECK(steps > 10);
}
