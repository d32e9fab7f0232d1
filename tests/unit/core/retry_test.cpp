#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/retry.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

using clock_type = deadline::clock;
constexpr clock_type::time_point start{};

failure refused() {
    return failure(error_code(boost::asio::error::connection_refused)).in(phase::connect).doing("GET it");
}

// Fails so often, then gives the number of the call.
class flaky {
public:
    flaky(int failures, failure why) : failures_(failures), why_(std::move(why)) {}

    awaitable<int> throwing(int turn_count) {
        ++calls;
        co_await turns(turn_count);
        if (calls <= failures_)
            throw error(why_);
        co_return calls;
    }
    awaitable<result<int>> telling(int turn_count) {
        ++calls;
        co_await turns(turn_count);
        if (calls <= failures_)
            co_return why_;
        co_return calls;
    }

    int calls = 0;

private:
    int failures_;
    failure why_;
};

retry_policy quick() {
    return retry_policy().backoff(1ms, 2ms);
}

} // namespace

TEST_CASE("only what is certainly safe is repeated without further words", "[retry]") {
    const std::vector<error_code> may_pass{
        errc::timed_out, error_code(boost::asio::error::connection_refused),
        error_code(boost::asio::error::host_not_found)};
    for (const auto& code : may_pass) {
        CAPTURE(code);
        CHECK(retry_policy().allows(failure(code)));
        CHECK_FALSE(retry_policy().allows(failure(code).ended(outcome::in_doubt)));
        CHECK_FALSE(retry_policy().allows(failure(code).ended(outcome::answered)));
        for (auto how : {outcome::not_sent, outcome::in_doubt, outcome::answered})
            CHECK(retry_policy().idempotent().allows(failure(code).ended(how)));
        CHECK_FALSE(retry_policy().idempotent().idempotent(false).allows(failure(code).ended(outcome::in_doubt
        )));
    }
    const std::vector<error_code> never{
        errc::closed,
        errc::queue_full,
        errc::too_large,
        errc::invalid_argument,
        errc::protocol_violation,
        error_code(ENOSPC, file_category()),
        error_code(SIGINT, signal_category()),
        error_code(boost::asio::error::operation_aborted)};
    for (const auto& code : never) {
        CAPTURE(code);
        CHECK_FALSE(retry_policy().allows(failure(code)));
        CHECK_FALSE(retry_policy().idempotent().allows(failure(code)));
    }
}

TEST_CASE("a predicate decides in place of the rule, but not about a cancellation", "[retry]") {
    int asked = 0;
    auto policy = retry_policy().when([&](const failure& why) {
        ++asked;
        return why == condition::limit;
    });
    CHECK(policy.allows(failure(errc::queue_full)));
    CHECK_FALSE(policy.allows(refused()));
    CHECK(asked == 2);
    auto everything = retry_policy().when([&](const failure&) { return true; });
    CHECK(everything.allows(failure(errc::closed)));
    CHECK_FALSE(everything.allows(cancelled()));
}

TEST_CASE("as many attempts as the policy says, with growing pauses", "[retry]") {
    retry_course course(retry_policy().attempts(4).backoff(100ms, 250ms), start);
    CHECK(course.again(refused(), start, 0) == 50ms);
    CHECK(course.again(refused(), start, 0.5) == 150ms);
    CHECK(course.again(refused(), start, 0) == 125ms);
    CHECK_FALSE(course.again(refused(), start, 0));
    CHECK(course.failed() == 4);
    for (int attempts : {1, 0, -3}) {
        retry_course once(retry_policy().attempts(attempts), start);
        CHECK_FALSE(once.again(refused(), start, 0));
    }
    retry_course three(retry_policy(), start);
    CHECK(three.again(refused(), start, 0));
    CHECK(three.again(refused(), start, 0));
    CHECK_FALSE(three.again(refused(), start, 0));
}

TEST_CASE("a failure that must not be repeated ends the course at once", "[retry]") {
    retry_course course(retry_policy().attempts(9), start);
    CHECK(course.again(refused(), start, 0));
    CHECK_FALSE(course.again(failure(errc::closed), start, 0));
}

TEST_CASE("a pause that would reach beyond the total time is not begun", "[retry]") {
    auto policy = retry_policy().attempts(9).backoff(100ms, 100ms).total_time(1s);
    retry_course course(policy, start);
    CHECK(course.until() == deadline(start + 1s));
    CHECK(course.again(refused(), start + 900ms, 0) == 50ms);
    CHECK_FALSE(course.again(refused(), start + 950ms, 0));
    retry_course late(policy, start);
    CHECK_FALSE(late.again(refused(), start + 2s, 0));
    retry_course endless(policy.total_time(clock_type::duration::max()), start);
    CHECK(endless.again(refused(), start + 100h, 0));
}

TEST_CASE("the last failure says after how many attempts, and whether the time was up", "[retry]") {
    retry_course course(retry_policy().total_time(5s), start);
    CHECK_FALSE(course.again(failure(errc::closed), start, 0));
    CHECK(course.last(refused(), start).message() == refused().message());
    course.again(refused(), start, 0);
    const auto told = course.last(refused().ended(outcome::in_doubt), start);
    CHECK_THAT(told.message(), containing(", after 2 attempts"));
    CHECK(told == condition::network);
    CHECK(told.phase() == phase::connect);
    CHECK(told.outcome() == outcome::in_doubt);
    CHECK(told.doing() == "GET it");
    CHECK(told.limit().empty());
    const auto late = course.last(failure(errc::timed_out).limit("timeout 1 s"), start + 5s);
    CHECK(late.limit() == "total_time 5 s");
    const auto own = course.last(failure(errc::timed_out).limit("timeout 1 s"), start + 4s);
    CHECK(own.limit() == "timeout 1 s");
    const auto another = course.last(failure(errc::timed_out).limit("first_byte_timeout 1 s"), start + 6s);
    CHECK(another.limit() == "first_byte_timeout 1 s");
    CHECK(course.last(cancelled(), start).message() == cancelled().message());
}

TEST_CASE("retry gives the first value", "[retry]") {
    testing::run([]() -> awaitable<> {
        for (int failures : {0, 1, 2}) {
            flaky thrower(failures, refused()), teller(failures, refused());
            const auto begin = loop_clock::now();
            const int thrown = co_await retry(
                quick(), [&](int n) { return thrower.throwing(n); }, 2
            );
            const auto told = co_await retry(
                quick(), [&](int n) { return teller.telling(n); }, 2
            );
            CHECK(thrown == failures + 1);
            REQUIRE(told.has_value());
            CHECK(*told == failures + 1);
            CHECK(
                loop_clock::now() - begin >= failures * 2 * 500us
            ); // each pause takes half of its step at least
            CHECK(loop_clock::now() - begin <= failures * 2 * 2ms);
        }
    });
}

TEST_CASE("retry throws or gives the last failure", "[retry]") {
    testing::run([]() -> awaitable<> {
        flaky thrower(9, refused()), teller(9, refused());
        auto throws = retry(
            quick(), [&](int n) { return thrower.throwing(n); }, 0
        );
        const auto why = co_await caught(std::move(throws));
        CHECK(thrower.calls == 3);
        CHECK(failure_of(why) == condition::network);
        CHECK_THAT(failure_of(why).message(), containing("after 3 attempts"));
        const auto told = co_await retry(quick().attempts(2), [&] { return teller.telling(1); });
        CHECK(teller.calls == 2);
        REQUIRE(told.has_error());
        CHECK(told.error() == condition::network);
        CHECK_THAT(told.error().message(), containing("after 2 attempts"));
    });
}

TEST_CASE("what may not be repeated is thrown as it was", "[retry]") {
    testing::run([]() -> awaitable<> {
        flaky in_doubt(9, refused().ended(outcome::in_doubt));
        auto once = retry(quick(), [&] { return in_doubt.throwing(1); });
        const auto why = co_await caught(std::move(once));
        CHECK(in_doubt.calls == 1);
        CHECK(failure_of(why).message() == refused().ended(outcome::in_doubt).message());
        auto again = retry(quick().idempotent(), [&] { return in_doubt.throwing(1); });
        co_await caught(std::move(again));
        CHECK(in_doubt.calls == 4);
    });
}

TEST_CASE("an exception of the user's own is thrown on at once", "[retry]") {
    testing::run([]() -> awaitable<> {
        int calls = 0;
        auto fails = [&](int n) {
            ++calls;
            return fails_after(n, "mine");
        };
        const auto why = co_await caught(retry(quick().idempotent(), fails, 1));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "mine");
        CHECK(calls == 1);
    });
}

TEST_CASE("of a plain system_error nobody knows whether it was sent", "[retry]") {
    testing::run([]() -> awaitable<> {
        int calls = 0;
        auto fails = [&]() -> awaitable<> {
            ++calls;
            throw boost::system::system_error(boost::asio::error::connection_reset);
            co_return;
        };
        co_await caught(retry(quick(), fails));
        CHECK(calls == 1);
        const auto why = co_await caught(retry(quick().idempotent(), fails));
        CHECK(calls == 4);
        CHECK_THAT(failure_of(why).message(), containing("after 3 attempts"));
    });
}

TEST_CASE("every attempt gets copies of its own", "[retry]") {
    testing::run([]() -> awaitable<> {
        std::vector<std::string> seen;
        auto takes = [&](std::string text, std::vector<int> list) -> awaitable<int> {
            seen.push_back(text + std::to_string(list.size()));
            text.clear();
            list.clear();
            co_await turns(1);
            if (seen.size() < 3)
                throw error(refused());
            co_return 7;
        };
        const std::vector<int> list(4);
        const int value = co_await retry(quick(), takes, std::string("text"), list);
        CHECK(value == 7);
        CHECK(seen == std::vector<std::string>{"text4", "text4", "text4"});
    });
}

TEST_CASE("the total time cancels and awaits the attempt that runs", "[retry]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto hangs = [&] { return slow_to_end(log, "attempt"); };
        const auto begin = loop_clock::now();
        const auto why = co_await caught(retry(quick().total_time(20ms), hangs));
        CHECK(loop_clock::now() - begin == 20ms);
        CHECK(failure_of(why) == condition::timeout);
        CHECK(failure_of(why).limit() == "total_time 20 ms");
        CHECK(log == log_of{"attempt began", "attempt cancelled", "attempt ended"});
    });
}

TEST_CASE("a retry is cancelled in an attempt and in a pause, and then makes no other", "[retry]") {
    testing::run([]() -> awaitable<> {
        for (bool in_pause : {false, true}) {
            int calls = 0;
            auto attempt = [&]() -> awaitable<> {
                ++calls;
                if (!in_pause)
                    co_await sleep_for(1h);
                throw error(refused());
            };
            auto policy = retry_policy().backoff(10min, 10min).total_time(10h).when([](const failure&) {
                return true;
            });
            co_await with_task_group(
                [&](task_group& tasks, retry_policy policy) -> awaitable<> {
                    auto one = tasks.spawn(retry(policy, attempt));
                    co_await turns();
                    CHECK(calls == 1);
                    one.cancel();
                    const auto why = co_await caught(one.get());
                    CHECK(failure_of(why) == condition::cancelled);
                },
                policy
            );
            CHECK(calls == 1);
        }
    });
}

TEST_CASE("ten thousand attempts", "[retry]") {
    run_test([]() -> awaitable<> {
        flaky often(9'999, refused());
        const int calls =
            co_await retry(quick().attempts(10'000).backoff(0ms, 0ms), [&] { return often.throwing(0); });
        CHECK(calls == 10'000);
    });
}

TEST_CASE("a retry is destroyed with its loop", "[retry][shutdown]") {
    for (bool in_pause : {false, true}) {
        auto kept = std::make_shared<int>();
        auto attempt = [&](std::shared_ptr<int>) -> awaitable<> {
            if (!in_pause)
                co_await sleep_for(1h);
            throw error(refused());
        };
        {
            boost::asio::io_context loop;
            auto patient = retry_policy().backoff(10s, 10s);
            boost::asio::co_spawn(loop, retry(patient, attempt, kept), boost::asio::detached);
            loop.poll();
            CHECK(kept.use_count() > 1);
        }
        CHECK(kept.use_count() == 1);
    }
}

TEST_CASE("a retry cancelled after any of its handlers leaves nothing", "[retry][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor) -> awaitable<> {
        flaky thrower(2, refused());
        co_await retry(quick().backoff(0ms, 0ms), [&] { return thrower.throwing(1); });
    });
    CHECK(steps > 8);
}
