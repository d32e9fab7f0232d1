#include "core/dns_walk.hpp"

#include "tests/support/catch.hpp"
#include <oneloop/resolver.hpp>

using namespace oneloop;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

dns_answer at(const char* address, std::chrono::seconds ttl = 60s) {
    dns_answer out;
    out.addresses = {boost::asio::ip::make_address(address)};
    out.ttl = ttl;
    return out;
}

dns_answer no_name(std::optional<std::chrono::seconds> ttl = {}) {
    auto out = no_such_name();
    out.ttl = ttl;
    return out;
}

dns_answer nothing(std::optional<std::chrono::seconds> ttl = {}) {
    auto out = no_address();
    out.ttl = ttl;
    return out;
}

dns_answer sick() {
    dns_answer out;
    out.code = error_code(3, resolver_category()); // ARES_ESERVFAIL
    return out;
}

dns_answer silence() {
    dns_answer out;
    out.gave_up = true;
    return out;
}

constexpr auto v4 = dns_type::ipv4, v6 = dns_type::ipv6;

strings asked(dns_walk& walk) {
    strings out;
    for (const auto& q : walk.take_questions())
        out.push_back(q.name + (q.type == v4 ? " 4" : " 6"));
    return out;
}

dns_walk begun(strings names = {"a"}, bool ipv4 = true, bool ipv6 = true) {
    dns_walk walk(std::move(names), ipv4, ipv6);
    walk.take_questions();
    return walk;
}

} // namespace

TEST_CASE("both families are asked for, each once", "[dns_walk]") {
    dns_walk walk({"a"}, true, true);
    CHECK(asked(walk) == strings{"a 4", "a 6"});
    CHECK(asked(walk).empty());
    walk.answered(0, v6, at("::1", 9s));
    CHECK(walk.is_half());
    CHECK_FALSE(walk.done());
    walk.answered(0, v4, at("127.0.0.1", 60s));
    REQUIRE(walk.done());
    CHECK(walk.answer().addresses.size() == 2);
    CHECK(walk.answer().ttl == 9s);
    CHECK_FALSE(walk.answer().incomplete);
}

TEST_CASE("a family that is not wanted is not asked for", "[dns_walk]") {
    dns_walk walk({"a"}, false, true);
    CHECK(asked(walk) == strings{"a 6"});
    walk.answered(0, v6, at("::1"));
    CHECK(walk.done());
    auto other = begun({"a"}, true, false);
    other.answered(0, v4, nothing());
    REQUIRE(other.done());
    CHECK(other.answer().no_address);
}

TEST_CASE("silence is asked again, and patience with one family has an end", "[dns_walk]") {
    auto walk = begun();
    walk.answered(0, v6, silence());
    CHECK(asked(walk) == strings{"a 6"});
    walk.be_content(); // nothing is there yet
    CHECK_FALSE(walk.done());
    walk.answered(0, v4, at("127.0.0.1"));
    REQUIRE(walk.is_half());
    walk.be_content();
    REQUIRE(walk.done());
    CHECK(walk.answer().addresses.size() == 1);
    CHECK(walk.answer().incomplete);
    walk.answered(0, v6, at("::1")); // too late
    CHECK(walk.answer().addresses.size() == 1);
}

TEST_CASE("the failure of one family does not cost the other", "[dns_walk]") {
    auto walk = begun();
    walk.answered(0, v6, sick());
    CHECK_FALSE(walk.is_half());
    walk.answered(0, v4, at("127.0.0.1"));
    REQUIRE(walk.done());
    CHECK_FALSE(walk.answer().code);
    CHECK(walk.answer().incomplete);
}

TEST_CASE("where nothing was found a failure is told, and no negative answer", "[dns_walk]") {
    auto walk = begun({"a", "a.b"});
    walk.answered(0, v4, nothing());
    walk.answered(0, v6, sick());
    REQUIRE(walk.done());
    CHECK_FALSE(walk.answer().negative());
    CHECK(walk.answer().code == sick().code);
}

TEST_CASE("a server that denies the name for IPv6 only is not believed", "[dns_walk]") {
    auto walk = begun();
    walk.answered(0, v6, no_name());
    CHECK_FALSE(walk.done());
    walk.answered(0, v4, at("127.0.0.1"));
    REQUIRE(walk.done());
    CHECK_FALSE(walk.answer().code);
}

TEST_CASE("a name that does not exist need not be denied twice", "[dns_walk]") {
    auto walk = begun();
    walk.answered(0, v4, no_name(7s));
    REQUIRE(walk.done());
    CHECK(walk.answer().no_such_name);
    CHECK(walk.answer().ttl == 7s);
}

TEST_CASE("that a name exists counts for more than that it does not", "[dns_walk]") {
    auto walk = begun();
    walk.answered(0, v6, no_name(7s));
    walk.answered(0, v4, nothing(5s));
    REQUIRE(walk.done());
    CHECK(walk.answer().no_address);
    CHECK_FALSE(walk.answer().no_such_name);
    CHECK(walk.answer().code == no_address().code);
    CHECK(walk.answer().ttl == 5s);
}

TEST_CASE("the next name is asked for when one does not exist or has no address", "[dns_walk]") {
    dns_walk walk({"a.x", "a.y", "a"}, true, true);
    walk.take_questions();
    walk.answered(0, v4, no_name(4s));
    CHECK(asked(walk) == strings{"a.y 4", "a.y 6"});
    walk.answered(0, v6, at("2001:db8::66")); // late, of the name before
    walk.answered(1, v4, nothing(3s));
    CHECK(asked(walk).empty());
    walk.answered(1, v6, nothing(8s));
    CHECK(asked(walk) == strings{"a 4", "a 6"});
    SECTION("found at last, for as long as the others do not exist") {
        walk.answered(2, v4, at("127.0.0.1", 60s));
        walk.answered(2, v6, nothing(1s));
        REQUIRE(walk.done());
        CHECK(walk.answer().addresses.size() == 1);
        CHECK(walk.answer().ttl == 3s);
    }
    SECTION("none of them") {
        walk.answered(2, v4, no_name(60s));
        REQUIRE(walk.done());
        CHECK(walk.answer().no_address); // one of them exists
        CHECK(walk.answer().ttl == 3s);
    }
}
