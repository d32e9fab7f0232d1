#include "tests/support/catch.hpp"
#include <oneloop/backoff.hpp>

using oneloop::backoff;
using namespace std::chrono_literals;

TEST_CASE("backoff doubles from the first step to the most", "[backoff]") {
    backoff b(100ms, 1s);
    for (auto expected : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
        backoff least = b;
        CHECK(least.next(0) == expected / 2); // half for certain
        CHECK(b.next(0.5) == expected * 3 / 4);
    }
    CHECK(b.attempts() == 6);
}

TEST_CASE("backoff never reaches beyond its step", "[backoff]") {
    backoff b(100ms, 100ms);
    for (double chance : {0.0, 0.25, 0.999999999}) {
        const auto wait = b.next(chance);
        CHECK(wait >= 50ms);
        CHECK(wait < 100ms);
    }
}

TEST_CASE("backoff begins again after a success", "[backoff]") {
    backoff b(10ms, 1s);
    b.next(0);
    b.next(0);
    b.reset();
    CHECK(b.attempts() == 0);
    CHECK(b.next(0) == 5ms);
}

TEST_CASE("backoff without numbers waits 100 ms, at most 30 s", "[backoff]") {
    backoff b;
    CHECK(b.next(0) == 50ms);
    for (int i = 0; i < 100; ++i)
        b.next(0);
    CHECK(b.next(0) == 15s);
}

TEST_CASE("backoff takes limits that make no sense", "[backoff]") {
    CHECK(backoff(2s, 1s).next(0) == 1s); // the most is no less than the first
    CHECK(backoff(0s, 1s).next(0.5) == 0s);
    backoff endless(backoff::duration::max() / 3, backoff::duration::max());
    for (int i = 0; i < 4; ++i)
        CHECK(endless.next(0.9) > 0s);
}
