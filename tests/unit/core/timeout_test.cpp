#include "tests/support/catch.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/gather.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("timeout cancels what takes too long, and says which limit that was", "[timeout]") {
    testing::run([]() -> awaitable<> {
        const auto begin = loop_clock::now();
        const auto why = co_await caught(timeout(20min, sleep_for(1h)));
        CHECK(loop_clock::now() - begin == 20min);
        const auto told = failure_of(why);
        CHECK(told == condition::timeout);
        CHECK(told != condition::cancelled);
        CHECK(told.limit() == "timeout 1200 s");
        CHECK(told.outcome() == outcome::not_sent);
    });
}

TEST_CASE("timeout gives what comes in time", "[timeout]") {
    testing::run([]() -> awaitable<> {
        const int value = co_await timeout(1h, number_after(3, 7));
        CHECK(value == 7);
        co_await timeout(1h, sleep_for(0s));
        auto owned = co_await timeout(1h, sleep_for(0s, std::make_unique<int>(8)));
        CHECK(*owned == 8);
        co_await timeout(std::chrono::steady_clock::duration::max(), sleep_for(0s)); // never
    });
}

TEST_CASE("timeout passes on what its operation throws", "[timeout]") {
    testing::run([]() -> awaitable<> {
        const auto why = co_await caught(timeout(1h, fails_after(2, "its own reason")));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "its own reason");
        auto gives_up = []() -> awaitable<> {
            co_await sleep_for(0s);
            throw error(cancelled());
        };
        const auto cancelled_itself = co_await caught(timeout(1h, gives_up()));
        CHECK(failure_of(cancelled_itself) == condition::cancelled); // no limit was reached
    });
}

TEST_CASE("timeout awaits its operation", "[timeout]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        const auto why = co_await caught(timeout(1ms, slow_to_end(log, "a")));
        CHECK(failure_of(why) == condition::timeout);
        CHECK(log == log_of{"a began", "a cancelled", "a ended"});
    });
}

TEST_CASE("timeout gives a value that came although time was up", "[timeout]") {
    testing::run([]() -> awaitable<> {
        auto just_made_it = []() -> awaitable<int> {
            const auto cancelled = co_await caught(sleep_for(1h));
            CHECK(failure_of(cancelled) == condition::cancelled);
            co_return 7;
        };
        const int value = co_await timeout(1ms, just_made_it());
        CHECK(value == 7);
        auto broke = []() -> awaitable<int> {
            const auto cancelled = co_await caught(sleep_for(1h));
            throw std::runtime_error("something else");
        };
        const auto why = co_await caught(timeout(1ms, broke()));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "something else");
    });
}

TEST_CASE("timeout of zero or less cancels the first wait", "[timeout]") {
    testing::run([]() -> awaitable<> {
        for (auto limit : {0s, -5s}) {
            const auto why = co_await caught(timeout(limit, sleep_for(1h)));
            CHECK(failure_of(why) == condition::timeout);
        }
    });
}

TEST_CASE("timeout keeps the phase and the outcome of its operation", "[timeout]") {
    testing::run([]() -> awaitable<> {
        auto sending = []() -> awaitable<> {
            const auto cancelled = co_await caught(sleep_for(1h));
            const auto code = failure_of(cancelled).code();
            throw error(failure(code).in(phase::send).ended(outcome::in_doubt).doing("SET x"));
        };
        const auto why = co_await caught(timeout(1500us, sending()));
        const auto told = failure_of(why);
        CHECK(told == condition::timeout);
        CHECK(told.phase() == phase::send);
        CHECK(told.outcome() == outcome::in_doubt);
        CHECK(
            told.message() ==
            "SET x: timed out (phase send; limit timeout 1.5 ms; "
            "in doubt: it was sent and not answered)"
        );
    });
}

TEST_CASE("a timeout that is cancelled is no timeout", "[timeout]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto job = tasks.spawn(timeout(1h, slow_to_end(log, "a")));
            co_await turns();
            job.cancel();
            const auto why = co_await caught(job.get());
            CHECK(failure_of(why) == condition::cancelled);
        });
        CHECK(log == log_of{"a began", "a cancelled", "a ended"});
    });
}

TEST_CASE("of nested timeouts the shorter one tells", "[timeout]") {
    testing::run([]() -> awaitable<> {
        const auto inner = co_await caught(timeout(1h, timeout(2ms, sleep_for(1h))));
        CHECK(failure_of(inner).limit() == "timeout 2 ms");
        const auto outer = co_await caught(timeout(2ms, timeout(1h, sleep_for(1h))));
        CHECK(failure_of(outer) == condition::timeout);
        CHECK(failure_of(outer).limit() == "timeout 2 ms");
    });
}

TEST_CASE("timeout holds for what a token started, and for many at once", "[timeout]") {
    testing::run([]() -> awaitable<> {
        oracle o(co_await this_coro::executor);
        const auto why = co_await caught(timeout(1ms, o.ask("never")));
        CHECK(failure_of(why) == condition::timeout);
        log_of log;
        const auto all = co_await caught(timeout(1ms, gather(slow_to_end(log, "a"), slow_to_end(log, "b"))));
        CHECK(failure_of(all) == condition::timeout);
        CHECK(log.size() == 6);
    });
}

TEST_CASE("a coroutine goes on after a timeout", "[timeout]") {
    testing::run([]() -> awaitable<> {
        for (int i = 0; i < 3; ++i) {
            const auto why = co_await caught(timeout(1ms, sleep_for(1h)));
            CHECK(failure_of(why) == condition::timeout);
        }
        co_await sleep_for(0s);
    });
}

TEST_CASE("timeout cancelled after any of its handlers leaves nothing", "[timeout][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor) { return timeout(1h, number_after(4, 1)); });
    CHECK(steps > 4);
    const auto expires = step_cancel_awaitable([](executor) -> awaitable<> {
        const auto why = co_await caught(timeout(1ms, sleep_for(1h)));
        if (failure_of(why) != condition::timeout)
            std::rethrow_exception(why);
    });
    CHECK(expires > 2);
}

TEST_CASE("timeout of an operation that tells in its result", "[timeout]") {
    testing::run([]() -> awaitable<> {
        auto told = [](failure why) -> awaitable<result<int>> {
            try {
                co_await sleep_for(1h);
            } catch (const boost::system::system_error&) {
                co_return why;
            }
            co_return 1;
        };
        auto cancelled_in = [](phase where) { return cancelled().in(where).ended(outcome::in_doubt); };
        const auto late = co_await timeout(1ms, told(cancelled_in(phase::receive)));
        REQUIRE(late.has_error());
        CHECK(late.error() == condition::timeout);
        CHECK(late.error().phase() == phase::receive);
        CHECK(late.error().outcome() == outcome::in_doubt);
        CHECK_THAT(late.error().limit(), containing("timeout 1 ms"));
        const auto other = co_await timeout(1ms, told(failure(errc::closed)));
        CHECK(other.error() == condition::closed);
    });
}
