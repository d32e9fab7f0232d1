#include "core/name_cache.hpp"

#include "tests/support/catch.hpp"

using oneloop::error_code;
using oneloop::name_cache;
using namespace std::chrono_literals;

namespace {

const auto start = name_cache::clock::time_point() + 1h;

name_cache::answer at(const char* address) {
    return {{}, {boost::asio::ip::make_address(address)}};
}

} // namespace

TEST_CASE("an answer is good until its time to live is over", "[name_cache]") {
    name_cache cache(10);
    cache.put("a.test", at("192.0.2.1"), 30s, start);
    REQUIRE(cache.find("a.test", start));
    CHECK(cache.find("a.test", start)->addresses == at("192.0.2.1").addresses);
    CHECK(cache.find("a.test", start + 30s - 1ns));
    CHECK_FALSE(cache.find("a.test", start + 30s));
    CHECK(cache.size() == 0);
}

TEST_CASE("a name that was never put is not found", "[name_cache]") {
    name_cache cache(10);
    cache.put("a.test", at("192.0.2.1"), 30s, start);
    CHECK_FALSE(cache.find("b.test", start));
    CHECK_FALSE(cache.find("a.test.", start));
}

TEST_CASE("a failure is remembered like an address", "[name_cache]") {
    name_cache cache(10);
    cache.put("gone.test", {make_error_code(oneloop::errc::closed), {}}, 5s, start);
    REQUIRE(cache.find("gone.test", start));
    CHECK(cache.find("gone.test", start)->why == oneloop::errc::closed);
    CHECK_FALSE(cache.find("gone.test", start + 5s));
}

TEST_CASE("a newer answer takes the place of the older one, and its time", "[name_cache]") {
    name_cache cache(10);
    cache.put("a.test", at("192.0.2.1"), 10s, start);
    cache.put("a.test", at("192.0.2.2"), 10s, start + 5s);
    CHECK(cache.size() == 1);
    REQUIRE(cache.find("a.test", start + 12s));
    CHECK(cache.find("a.test", start + 12s)->addresses == at("192.0.2.2").addresses);
}

TEST_CASE("an answer with a time to live of 0 is not kept, and neither is what it replaces", "[name_cache]") {
    name_cache cache(10);
    cache.put("a.test", at("192.0.2.1"), 0s, start);
    CHECK_FALSE(cache.find("a.test", start));
    cache.put("a.test", at("192.0.2.1"), 10s, start);
    cache.put("a.test", at("192.0.2.2"), -1s, start);
    CHECK_FALSE(cache.find("a.test", start));
    CHECK(cache.size() == 0);
}

TEST_CASE("a full cache forgets the name that was not asked for the longest time", "[name_cache]") {
    name_cache cache(3);
    for (const char* name : {"a.test", "b.test", "c.test"})
        cache.put(name, at("192.0.2.1"), 1h, start);
    CHECK(cache.find("a.test", start));
    cache.put("d.test", at("192.0.2.1"), 1h, start);
    CHECK(cache.size() == 3);
    CHECK_FALSE(cache.find("b.test", start));
    for (const char* name : {"a.test", "c.test", "d.test"})
        CHECK(cache.find(name, start));
}

TEST_CASE("a cache of no names keeps none", "[name_cache]") {
    name_cache cache(0);
    cache.put("a.test", at("192.0.2.1"), 1h, start);
    CHECK(cache.size() == 0);
    CHECK_FALSE(cache.find("a.test", start));
}

TEST_CASE("the longest time to live is for ever, not in the past", "[name_cache]") {
    name_cache cache(1);
    cache.put("a.test", at("192.0.2.1"), name_cache::clock::duration::max(), start);
    CHECK(cache.find("a.test", start + 24h * 365));
}

TEST_CASE("a cleared cache is empty and usable", "[name_cache]") {
    name_cache cache(2);
    cache.put("a.test", at("192.0.2.1"), 1h, start);
    cache.clear();
    CHECK_FALSE(cache.find("a.test", start));
    cache.put("a.test", at("192.0.2.2"), 1h, start);
    CHECK(cache.find("a.test", start));
}
