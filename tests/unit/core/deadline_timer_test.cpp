#include "core/deadline_timer.hpp"

#include "tests/support/catch.hpp"
#include <oneloop/sleep.hpp>
#include <oneloop/testing.hpp>

#include <memory>
#include <optional>
#include <vector>

using namespace oneloop;
using namespace std::chrono_literals;

namespace {

struct noted : deadline_timer::entry {
    explicit noted(int n) : number(n) {}
    int number;
};

} // namespace

TEST_CASE("deadlines: each is looked at when it is reached, in their order", "[deadline_timer]") {
    testing::run([]() -> awaitable<> {
        std::vector<int> order;
        noted late(3), early(1), moved(2);
        deadline_timer timer(co_await this_coro::executor, [&](deadline_timer::entry& e) {
            order.push_back(static_cast<noted&>(e).number);
            return deadline::never();
        });
        timer.watch(late, deadline::in(30ms));
        timer.watch(early, deadline::in(10ms));
        timer.watch(moved, deadline::in(40ms));
        timer.watch(moved, deadline::in(20ms));
        timer.watch(moved, deadline::in(50ms)); // who checks gives the later one
        co_await sleep_for(25ms);
        CHECK(order == std::vector<int>{1, 2});
        co_await sleep_for(25ms);
        CHECK(order == std::vector<int>{1, 2, 3});
        timer.rest();
    });
}

TEST_CASE(
    "deadlines: who ends is not looked at any more, even among those that are due", "[deadline_timer]"
) {
    testing::run([]() -> awaitable<> {
        int looked_at = 0;
        auto other = std::make_unique<noted>(2), gone = std::make_unique<noted>(3);
        noted first(1), forgotten(4);
        deadline_timer timer(co_await this_coro::executor, [&](deadline_timer::entry& e) {
            ++looked_at;
            CHECK(&e == &first);
            other.reset(); // due as well
            return deadline::never();
        });
        timer.watch(first, deadline::in(10ms));
        timer.watch(*other, deadline::in(11ms));
        timer.watch(*gone, deadline::in(5ms));
        timer.watch(forgotten, deadline::in(5ms));
        gone.reset();
        deadline_timer::forget(forgotten);
        deadline_timer::forget(forgotten); // as often as one likes
        co_await sleep_for(20ms);
        CHECK(looked_at == 1);
        timer.rest();
    });
}

TEST_CASE("deadlines: who is due again at once lets the others have their turn", "[deadline_timer]") {
    testing::run([]() -> awaitable<> {
        int busy = 0, patient = 0;
        noted always(1), once(2);
        deadline_timer timer(co_await this_coro::executor, [&](deadline_timer::entry& e) {
            if (&e == &once)
                return ++patient, deadline::never();
            return ++busy < 100 ? deadline(deadline::clock::now()) : deadline::never();
        });
        timer.watch(always, deadline::in(10ms));
        timer.watch(once, deadline::in(10ms));
        while (patient == 0)
            co_await sleep_for(1ms);
        CHECK(busy < 100);
        while (busy < 100)
            co_await sleep_for(1ms);
        timer.rest();
    });
}

TEST_CASE("deadlines: whoever is called may destroy the timer", "[deadline_timer]") {
    testing::run([]() -> awaitable<> {
        std::optional<deadline_timer> timer;
        noted first(1), second(2);
        int looked_at = 0;
        timer.emplace(co_await this_coro::executor, [&](deadline_timer::entry&) {
            ++looked_at;
            timer.reset();
            return deadline::in(1ms);
        });
        timer->watch(first, deadline::in(10ms));
        timer->watch(second, deadline::in(10ms));
        co_await sleep_for(20ms);
        CHECK(looked_at == 1);
        CHECK_FALSE(first.is_linked());
        CHECK_FALSE(second.is_linked());
    });
}

TEST_CASE("deadlines: after a rest the timer is set by whoever is watched again", "[deadline_timer]") {
    testing::run([]() -> awaitable<> {
        int looked_at = 0;
        noted one(1);
        deadline_timer timer(co_await this_coro::executor, [&](deadline_timer::entry&) {
            return ++looked_at, deadline::never();
        });
        timer.watch(one, deadline::in(10ms));
        timer.rest();
        timer.watch(one, deadline::in(20ms)); // the earlier one stands
        co_await sleep_for(15ms);
        CHECK(looked_at == 1);
    });
}
