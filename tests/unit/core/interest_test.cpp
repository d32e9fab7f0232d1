#include "core/interest.hpp"

#include "tests/support/catch.hpp"

using oneloop::interest_table;
using oneloop::not_ready;
using oneloop::readable;
using oneloop::writable;
using step = oneloop::interest_table::step;

TEST_CASE("epoll learns of a descriptor once", "[interest]") {
    interest_table table;
    CHECK(table.want(7, readable) == step::add);
    CHECK(table.wanted(7) == readable);
    CHECK(table.want(7, readable) == step::nothing);
}

TEST_CASE("epoll learns when the direction changes", "[interest]") {
    interest_table table;
    table.want(7, writable);
    CHECK(table.want(7, readable) == step::modify);
    CHECK(table.want(7, readable | writable) == step::modify);
    CHECK(table.want(7, readable | writable) == step::nothing);
}

TEST_CASE("an interest that was withdrawn and stated again costs nothing", "[interest]") {
    interest_table table;
    table.want(7, readable);
    CHECK(table.want(7, not_ready) == step::nothing);
    CHECK(table.wanted(7) == not_ready);
    CHECK(table.want(7, readable) == step::nothing);
    CHECK(table.wanted(7) == readable);
}

TEST_CASE("an interest that comes back in another direction is a change", "[interest]") {
    interest_table table;
    table.want(7, readable);
    table.want(7, not_ready);
    CHECK(table.want(7, writable) == step::modify);
}

TEST_CASE("an event that nobody waits for takes the descriptor out of epoll, once", "[interest]") {
    interest_table table;
    table.want(7, readable);
    table.want(7, not_ready);
    CHECK(table.unwanted(7) == step::remove);
    CHECK(table.unwanted(7) == step::nothing);
    CHECK(table.want(7, readable) == step::add);
}

TEST_CASE("an event that somebody waits for removes nothing", "[interest]") {
    interest_table table;
    table.want(7, readable);
    CHECK(table.unwanted(7) == step::nothing);
    CHECK(table.want(7, readable) == step::nothing);
}

TEST_CASE("a number that was closed begins anew", "[interest]") {
    interest_table table;
    table.want(7, readable);
    table.forget(7);
    CHECK(table.wanted(7) == not_ready);
    CHECK(table.unwanted(7) == step::nothing);
    CHECK(table.want(7, readable) == step::add);
}

TEST_CASE("descriptors do not disturb each other", "[interest]") {
    interest_table table;
    table.want(3, readable);
    table.want(900, writable);
    table.forget(3);
    CHECK(table.wanted(900) == writable);
    CHECK(table.wanted(901) == not_ready);
    CHECK(table.wanted(100'000) == not_ready);
    CHECK(table.unwanted(500) == step::nothing);
}

TEST_CASE("no interest in what was never of interest is no news", "[interest]") {
    interest_table table;
    CHECK(table.want(5, not_ready) == step::nothing);
    CHECK(table.unwanted(5) == step::nothing);
}
