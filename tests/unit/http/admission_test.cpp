#include "http_client/admission.hpp"

#include "tests/support/catch.hpp"

#include <array>
#include <vector>

using oneloop::http::admission;

namespace {

const admission::time_point start{std::chrono::seconds(1000)};

// The places that may go now, as indices into `tickets`.
template <class Tickets>
std::vector<std::size_t> admitted(admission& a, const Tickets& tickets, admission::time_point now = start) {
    std::vector<std::size_t> who;
    while (const auto* t = a.next(now))
        for (std::size_t i = 0; i < tickets.size(); ++i)
            if (&tickets[i] == t)
                who.push_back(i);
    return who;
}

using indices = std::vector<std::size_t>;

} // namespace

TEST_CASE("admission: what one host has beyond a lane goes to the next", "[admission]") {
    constexpr std::size_t width = admission::lane_width, each = 3 * width;
    admission a(each, each, 10);
    REQUIRE(a.lanes() == 3);
    std::array<admission::ticket, each> t;
    std::array<std::size_t, 3> in_lane{};
    for (auto& ticket : t) {
        REQUIRE(a.enter(ticket, "host"));
        REQUIRE(a.next(start) == &ticket);
        ++in_lane.at(ticket.lane());
    }
    CHECK(in_lane == std::array<std::size_t, 3>{width, width, width});
    CHECK(t[0].lane() == t[width - 1].lane());
    CHECK(t[0].lane() != t[width].lane());

    // A free place is taken where it became free: there the connection is.
    const std::size_t freed = t[width + 1].lane();
    a.leave(t[width + 1]);
    REQUIRE(a.enter(t[width + 1], "host"));
    REQUIRE(a.next(start) == &t[width + 1]);
    CHECK(t[width + 1].lane() == freed);
}

TEST_CASE("admission: a few at once need no more than one lane", "[admission]") {
    CHECK(admission(100, 8, 10).lanes() == 1);
    CHECK(admission(1, 1, 10).lanes() == 1);
    CHECK(admission(1'000'000, 8, 10).lanes() == admission::most_lanes);
}

TEST_CASE("admission: so many in total, the others in the order they came", "[admission]") {
    admission a(2, 10, 10);
    std::array<admission::ticket, 4> t;
    for (auto& ticket : t)
        REQUIRE(a.enter(ticket, "host"));
    CHECK(admitted(a, t) == indices{0, 1});
    CHECK(a.under_way() == 2);
    CHECK(a.queued() == 2);
    a.leave(t[1]);
    CHECK(admitted(a, t) == indices{2});
    a.leave(t[0]);
    a.leave(t[2]);
    CHECK(admitted(a, t) == indices{3});
    a.leave(t[3]);
    CHECK(a.under_way() == 0);
    CHECK(a.next(start) == nullptr);
}

TEST_CASE("admission: a host at its limit does not keep another waiting", "[admission]") {
    admission a(10, 1, 10);
    std::array<admission::ticket, 4> t;
    REQUIRE(a.enter(t[0], "slow"));
    REQUIRE(a.enter(t[1], "slow"));
    REQUIRE(a.enter(t[2], "slow"));
    REQUIRE(a.enter(t[3], "other"));
    CHECK(admitted(a, t) == indices{0, 3});
    a.leave(t[0]);
    CHECK(admitted(a, t) == indices{1});
}

TEST_CASE("admission: hosts take turns", "[admission]") {
    admission a(1, 10, 10);
    std::array<admission::ticket, 5> t;
    REQUIRE(a.enter(t[0], "a"));
    REQUIRE(a.next(start) == &t[0]);
    REQUIRE(a.enter(t[1], "a"));
    REQUIRE(a.enter(t[2], "a"));
    REQUIRE(a.enter(t[3], "b"));
    REQUIRE(a.enter(t[4], "b"));
    indices order;
    std::size_t running = 0;
    for (int i = 0; i < 4; ++i) {
        a.leave(t[running]);
        const auto next = admitted(a, t);
        REQUIRE(next.size() == 1);
        running = next.front();
        order.push_back(running);
    }
    CHECK(order == indices{1, 3, 2, 4});
}

TEST_CASE("admission: who leaves the queue leaves no gap", "[admission]") {
    admission a(1, 1, 10);
    std::array<admission::ticket, 3> t;
    for (auto& ticket : t)
        REQUIRE(a.enter(ticket, "host"));
    CHECK(admitted(a, t) == indices{0});
    a.leave(t[1]);
    a.leave(t[1]); // leaving twice is leaving once
    CHECK(a.queued() == 1);
    a.leave(t[0]);
    CHECK(admitted(a, t) == indices{2});
}

TEST_CASE("admission: a full queue refuses, but not who can go at once", "[admission]") {
    admission a(1, 1, 1);
    std::array<admission::ticket, 3> t;
    REQUIRE(a.enter(t[0], "host"));
    CHECK(admitted(a, t) == indices{0});
    REQUIRE(a.enter(t[1], "host"));
    CHECK_FALSE(a.enter(t[2], "other"));
    a.leave(t[1]);
    CHECK(a.enter(t[2], "other"));

    admission no_queue(1, 1, 0);
    std::array<admission::ticket, 2> u;
    CHECK(no_queue.enter(u[0], "host"));
    CHECK(admitted(no_queue, u) == indices{0});
    CHECK_FALSE(no_queue.enter(u[1], "host"));
}

TEST_CASE("admission: a host is asked no more often than it may be, another meanwhile", "[admission]") {
    using namespace std::chrono_literals;
    admission a(10, 10, 10, 100ms);
    std::array<admission::ticket, 5> t;
    REQUIRE(a.enter(t[0], "calm"));
    REQUIRE(a.enter(t[1], "calm"));
    REQUIRE(a.enter(t[2], "calm"));
    REQUIRE(a.enter(t[3], "other"));
    CHECK(a.next_turn().is_never());
    CHECK(admitted(a, t) == indices{0, 3});
    CHECK(a.next_turn().at() == start + 100ms);
    CHECK(a.queued("calm") == 2);
    CHECK(a.under_way("calm") == 1);
    a.leave(t[0]); // a place that is free does not shorten the pause
    CHECK(admitted(a, t, start + 99ms).empty());
    CHECK(admitted(a, t, start + 100ms) == indices{1});
    CHECK(a.next_turn().at() == start + 200ms);
    CHECK(admitted(a, t, start + 250ms) == indices{2});
    CHECK(a.next_turn().at() == start + 350ms); // no request makes up for the time that was lost

    a.leave(t[1]);
    a.leave(t[2]);
    a.leave(t[3]);
    REQUIRE(a.enter(t[4], "calm")); // also by one that comes when nobody is there
    CHECK(admitted(a, t, start + 300ms).empty());
    CHECK(admitted(a, t, start + 350ms) == indices{4});
    a.leave(t[4]);
    CHECK(admitted(a, t, start + 1s).empty());
    CHECK(a.next_turn().is_never());
}

TEST_CASE("admission: who waits for the pause of a host is queued", "[admission]") {
    using namespace std::chrono_literals;
    admission a(10, 10, 0, 100ms);
    std::array<admission::ticket, 2> t;
    REQUIRE(a.enter(t[0], "calm"));
    CHECK(admitted(a, t) == indices{0});
    a.leave(t[0]);
    CHECK_FALSE(a.enter(t[1], "calm"));
}

TEST_CASE("admission: more hosts than are remembered, again and again", "[admission]") {
    admission a(10, 2, 10);
    admission::ticket kept;
    REQUIRE(a.enter(kept, "kept"));
    REQUIRE(a.next(start) == &kept);
    for (std::size_t i = 0; i < 5 * admission::most_idle; ++i) {
        const std::string host = "h" + std::to_string(i % (2 * admission::most_idle));
        std::array<admission::ticket, 2> t;
        REQUIRE(a.enter(t[0], host));
        REQUIRE(a.enter(t[1], i % 3 == 0 ? "kept" : host));
        REQUIRE(admitted(a, t) == indices{0, 1});
        a.leave(t[0]);
        REQUIRE(a.under_way("kept") == (i % 3 == 0 ? 2 : 1));
        a.leave(t[1]);
    }
    CHECK(a.under_way() == 1);
    CHECK(a.queued() == 0);
    a.leave(kept);
}
