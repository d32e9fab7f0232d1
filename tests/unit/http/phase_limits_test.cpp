#include "http_client/phase_limits.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop;
using namespace std::chrono_literals;
using http::phase_limits;

namespace {

const phase_limits::time_point start{1000s};

http::timeouts times() {
    http::timeouts t;
    t.queue = 60s;
    t.connect = 10s;
    t.first_byte = 20s;
    t.stall = 5s;
    t.total = 100s;
    return t;
}

void check_next(const phase_limits& limits, std::string_view name, phase_limits::time_point at) {
    CHECK(limits.next().name == name);
    CHECK((limits.next().at.at() - start) / 1s == (at - start) / 1s);
}

} // namespace

TEST_CASE(
    "phase limits: each phase has its own, and waiting in the queue counts for nothing else", "[limits]"
) {
    phase_limits limits(times(), start);
    check_next(limits, "queue_timeout", start + 60s);
    limits.enter(phase::resolve, start + 50s);
    check_next(limits, "connect_timeout", start + 60s);
    limits.enter(phase::first_byte, start + 55s);
    check_next(limits, "first_byte_timeout", start + 75s);
    limits.enter(phase::receive, start + 60s);
    check_next(limits, "stall_timeout", start + 65s);
    limits.progress(start + 64s);
    check_next(limits, "stall_timeout", start + 69s);
    limits.progress(start + 149s);
    check_next(limits, "total_timeout", start + 150s);
}

TEST_CASE("phase limits: waiting in the queue again is not charged either", "[limits]") {
    phase_limits limits(times(), start);
    limits.enter(phase::resolve, start + 10s);
    CHECK(limits.begun() == start + 10s);
    limits.enter(phase::queue, start + 20s); // on the way to another host
    check_next(limits, "queue_timeout", start + 80s);
    limits.enter(phase::resolve, start + 70s);
    check_next(limits, "connect_timeout", start + 80s);
    CHECK(limits.begun() == start + 10s);
    CHECK(limits.total_left(start + 70s) == 90s);
    CHECK(limits.spent(phase::queue) == 60s);
    limits.enter(phase::file, start + 71s);
    check_next(limits, "total_timeout", start + 160s);
}

TEST_CASE("phase limits: a pause is the total's, and not of the queue", "[limits]") {
    phase_limits limits(times(), start);
    limits.enter(phase::resolve, start + 10s);
    limits.pause(30s, start + 15s);
    CHECK(limits.next().resume);
    CHECK(limits.next().at.at() == start + 45s);
    limits.enter(phase::queue, start + 45s);
    check_next(limits, "queue_timeout", start + 105s);
    limits.enter(phase::resolve, start + 50s);
    CHECK(limits.spent(phase::queue) == 15s);
    CHECK(limits.spent(phase::resolve) == 5s);
    CHECK(limits.total_left(start + 50s) == 65s);
    limits.pause(90s, start + 60s);
    check_next(limits, "total_timeout", start + 115s);
}

TEST_CASE("phase limits: looking up and connecting share one limit", "[limits]") {
    phase_limits limits(times(), start);
    limits.enter(phase::resolve, start);
    limits.try_address(0, start + 9s);
    check_next(limits, "connect_timeout", start + 10s);
    CHECK_FALSE(limits.next().next_address);
}

TEST_CASE("phase limits: an address gets its share of the time while others are left", "[limits]") {
    phase_limits limits(times(), start);
    limits.enter(phase::resolve, start);
    limits.try_address(1, start);
    CHECK(limits.next().next_address);
    CHECK(limits.next().at.at() == start + 5s);
    limits.try_address(0, start + 5s);
    CHECK_FALSE(limits.next().next_address);
    check_next(limits, "connect_timeout", start + 10s);
}

TEST_CASE("phase limits: the peer is not late while our own disk is slow", "[limits]") {
    phase_limits limits(times(), start);
    limits.enter(phase::receive, start);
    limits.hold(true, start + 1s);
    check_next(limits, "total_timeout", start + 100s);
    limits.hold(false, start + 50s);
    check_next(limits, "stall_timeout", start + 55s);
}

TEST_CASE("phase limits: a year and more is no overflow", "[limits]") {
    http::timeouts t = times();
    t.total = http::duration::max();
    t.stall = http::duration::max();
    phase_limits limits(t, start);
    limits.enter(phase::receive, start);
    limits.enter(phase::queue, start + 1s);
    limits.enter(phase::receive, start + 2s);
    CHECK(limits.next().at.is_never());
}
