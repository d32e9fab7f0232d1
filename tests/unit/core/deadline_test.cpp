#include "tests/support/catch.hpp"
#include <oneloop/deadline.hpp>

using oneloop::deadline;
using namespace std::chrono_literals;

namespace {
const deadline::clock::time_point noon{1000h};
}

TEST_CASE("a deadline passes at its time", "[deadline]") {
    const auto d = deadline::after(noon, 10s);
    CHECK(d.at() == noon + 10s);
    CHECK_FALSE(d.passed(noon + 9s));
    CHECK(d.passed(noon + 10s));
    CHECK(d.remaining(noon + 4s) == 6s);
    CHECK(d.remaining(noon + 11s) == 0s);
}

TEST_CASE("a deadline without a time is never", "[deadline]") {
    CHECK(deadline().is_never());
    CHECK(deadline() == deadline::never());
    CHECK_FALSE(deadline().passed(noon));
    CHECK(deadline().remaining(noon) == deadline::clock::duration::max());
}

TEST_CASE("a deadline so far away that its time has no number is never", "[deadline]") {
    CHECK(deadline::after(noon, deadline::clock::duration::max()).is_never());
    CHECK(deadline::in(deadline::clock::duration::max()).is_never());
}

TEST_CASE("a deadline in no time has passed", "[deadline]") {
    CHECK(deadline::after(noon, 0s).passed(noon));
    CHECK(deadline::after(noon, -5s).at() == noon);
    CHECK(deadline::after(noon, deadline::clock::duration::min()).at() == noon);
}

TEST_CASE("the nearer of two deadlines is the smaller", "[deadline]") {
    const auto soon = deadline::after(noon, 1s), later = deadline::after(noon, 2s);
    CHECK(soon < later);
    CHECK(later < deadline::never());
    CHECK(std::min(later, soon) == soon);
}

TEST_CASE("a deadline in some time is counted from now", "[deadline]") {
    const auto before = deadline::clock::now();
    const auto d = deadline::in(1h);
    CHECK(d.at() >= before + 1h);
    CHECK(d.at() <= deadline::clock::now() + 1h);
}
