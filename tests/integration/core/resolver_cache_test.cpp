// What is remembered, and for how long; in virtual time.

#include "tests/integration/core/resolver_stage.hpp"
#include <oneloop/sleep.hpp>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

// Asks at 0, just before the answer's time is over, and when it is.
void check_remembered(resolver_options how, dns_reply said, loop_clock::duration time) {
    in_virtual_time(how, [&](resolver& names, dns_server& server) -> awaitable<> {
        server.set("www.test", said);
        auto first = co_await names.resolve("www.test", nothrow);
        co_await sleep_for(time - 1s);
        auto second = co_await names.resolve("www.test", nothrow);
        CHECK(server.asked("www.test") == 1);
        CHECK(names.stats().hits == 1);
        CHECK(names.stats().negative_hits == (first ? 0 : 1));
        co_await sleep_for(2s);
        auto third = co_await names.resolve("www.test", nothrow);
        CHECK(server.asked("www.test") == 2);
        CHECK(first.has_value() == second.has_value());
        CHECK(first.has_value() == third.has_value());
    });
}

} // namespace

TEST_CASE("an answer is remembered for the shortest time in it", "[resolver]") {
    check_remembered(bare(), dns_reply().address("127.0.0.2", 300).address("127.0.0.3", 120), 120s);
    check_remembered(bare(), dns_reply().address("127.0.0.2", 300).address("::1", 60), 60s);
    check_remembered(
        bare(), dns_reply().alias("a.test", 300).alias("b.test", 30).address("127.0.0.2", 60), 30s
    );
}

TEST_CASE("an answer is remembered for max_ttl at most", "[resolver]") {
    check_remembered(bare(), dns_reply().address("127.0.0.2", 1'000'000), 3600s);
    check_remembered(bare().max_ttl(10s), dns_reply().address("127.0.0.2", 300), 10s);
}

TEST_CASE("a negative answer is remembered as the zone says, within limits", "[resolver]") {
    check_remembered(bare(), dns_reply().no_such_name().soa(300, 60), 60s);
    check_remembered(bare(), dns_reply().soa(40, 60), 40s); // no address
    check_remembered(bare(), dns_reply().no_such_name().soa(86'400, 86'400), 300s);
    check_remembered(bare().max_negative_ttl(20s), dns_reply().no_such_name().soa(300, 60), 20s);
    check_remembered(bare(), dns_reply().no_such_name(), 5s);
    check_remembered(bare().negative_ttl(9s), dns_reply(), 9s);
}

TEST_CASE("a negative answer whose SOA allows no time is not remembered", "[resolver]") {
    in_virtual_time(bare(), [&](resolver& names, dns_server& server) -> awaitable<> {
        server.set("www.test", dns_reply().no_such_name().soa(60, 0));
        auto first = co_await names.resolve("www.test", nothrow);
        auto second = co_await names.resolve("www.test", nothrow);
        CHECK_FALSE(first);
        CHECK_FALSE(second);
        CHECK(server.asked("www.test") == 2);
        CHECK(names.stats().negative == 2);
    });
}

TEST_CASE("silence about IPv6 costs family_wait, and is made good soon", "[resolver]") {
    in_virtual_time(bare().timeout(60s), [&](resolver& names, dns_server& server) -> awaitable<> {
        server.set("www.test", dns_reply().address("127.0.0.2", 300).address("::1", 300).silent_for_ipv6());
        const auto begin = loop_clock::now();
        auto first = co_await names.resolve("www.test");
        CHECK(loop_clock::now() - begin == 500ms);
        CHECK(texts(first) == strings{"127.0.0.2"});
        server.set("www.test", dns_reply().address("127.0.0.2", 300).address("::1", 300));
        co_await sleep_for(4s);
        auto second = co_await names.resolve("www.test");
        CHECK(texts(second) == strings{"127.0.0.2"}); // remembered for negative_ttl
        co_await sleep_for(2s);
        auto third = co_await names.resolve("www.test");
        CHECK(texts(third) == strings{"127.0.0.2", "::1"});
        co_await sleep_for(200s);
        auto fourth = co_await names.resolve("www.test");
        CHECK(texts(fourth) == strings{"127.0.0.2", "::1"});
        CHECK(names.stats().queries == 2);
    });
}

TEST_CASE("a server that fails for IPv6 does not delay or cost IPv4", "[resolver]") {
    in_virtual_time(bare(), [&](resolver& names, dns_server& server) -> awaitable<> {
        server.set("no.test", dns_reply().address("127.0.0.2", 300).no_such_name_for_ipv6());
        const auto begin = loop_clock::now();
        auto denied = co_await names.resolve("no.test");
        CHECK(texts(denied) == strings{"127.0.0.2"});
        CHECK(loop_clock::now() == begin);
        server.set("sick.test", dns_reply().address("127.0.0.2", 300).server_failure_for_ipv6());
        auto sick = co_await names.resolve("sick.test");
        CHECK(texts(sick) == strings{"127.0.0.2"});
        CHECK(loop_clock::now() - begin <= 500ms);
    });
}

TEST_CASE("the order that is asked for is given, and what is not wanted is not asked", "[resolver]") {
    const auto reply = dns_reply().address("127.0.0.2", 9).address("::1", 9).address("127.0.0.3", 9);
    auto first_of = [&](address_order order) {
        std::string first;
        in_virtual_time(bare().order(order), [&](resolver& names, dns_server& server) -> awaitable<> {
            server.set("www.test", reply);
            auto list = co_await names.resolve("www.test");
            first = list.front().to_string() + " of " + std::to_string(list.size());
            CHECK(server.asked("www.test") == (order == address_order::ipv6_only ? 0 : 1));
            CHECK(server.asked_for_ipv6("www.test") == (order == address_order::ipv4_only ? 0 : 1));
        });
        return first;
    };
    CHECK(first_of(address_order::ipv4_first) == "127.0.0.2 of 3");
    CHECK(first_of(address_order::ipv6_first) == "::1 of 3");
    CHECK(first_of(address_order::ipv4_only) == "127.0.0.2 of 2");
    CHECK(first_of(address_order::ipv6_only) == "::1 of 1");
    CHECK(first_of(address_order::system).ends_with(" of 3"));
}
