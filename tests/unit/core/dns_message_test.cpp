#include "core/dns_message.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/dns_wire_format.hpp"

#include <map>
#include <random>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

std::optional<dns_records> read(
    const std::string& message, const std::string& name, dns_type type = dns_type::ipv4
) {
    return read_dns_answer(
        {reinterpret_cast<const unsigned char*>(message.data()), message.size()}, name, type
    );
}

std::string encoded(const dns_reply& reply, const std::string& name = "www.test", int type = type_a) {
    dns_question q;
    q.id = "ab";
    q.name = name;
    q.type = type;
    return encode(q, reply);
}

std::vector<std::string> texts(const dns_records& r) {
    std::vector<std::string> out;
    for (const auto& a : r.addresses)
        out.push_back(a.to_string());
    return out;
}

using strings = std::vector<std::string>;

// Header with one question (4 bytes of name at 12) and `answers` records, which follow.
std::string begun(char answers) {
    using namespace std::string_literals;
    return "ab\x81\x80\0\1\0"s + answers + "\0\0\0\0\1a\1b\0\0\1\0\1"s;
}

} // namespace

TEST_CASE("addresses and their shortest time to live are read", "[dns_message]") {
    const auto r = read(encoded(dns_reply().address("192.0.2.1", 300).address("192.0.2.2", 60)), "www.test");
    REQUIRE(r);
    CHECK(texts(*r) == strings{"192.0.2.1", "192.0.2.2"});
    CHECK(r->ttl == 60s);
    CHECK_FALSE(r->negative_ttl);
    const auto v6 = read(
        encoded(dns_reply().address("192.0.2.1", 300).address("2001:db8::1", 9), "www.test", type_aaaa),
        "www.test", dns_type::ipv6
    );
    REQUIRE(v6);
    CHECK(texts(*v6) == strings{"2001:db8::1"});
    CHECK(v6->ttl == 9s);
}

TEST_CASE("the aliases on the way count for the time to live", "[dns_message]") {
    const auto r = read(
        encoded(dns_reply().alias("b.test", 300).alias("c.test", 7).address("192.0.2.1", 60)), "www.test"
    );
    REQUIRE(r);
    CHECK(texts(*r) == strings{"192.0.2.1"});
    CHECK(r->ttl == 7s);
}

TEST_CASE("the address of another name is not taken", "[dns_message]") {
    const auto only = read(encoded(dns_reply().stray("other.test", "192.0.2.66", 300)), "www.test");
    REQUIRE(only);
    CHECK(only->addresses.empty());
    CHECK_FALSE(only->ttl);
    const auto both = read(
        encoded(dns_reply().alias("b.test", 9).address("192.0.2.1", 9).stray("www.tests", "192.0.2.66", 1)),
        "www.test"
    );
    REQUIRE(both);
    CHECK(texts(*both) == strings{"192.0.2.1"});
    CHECK(both->ttl == 9s);
    // The name itself has another than its alias: what is at the name counts
    const auto detour =
        read(encoded(dns_reply().alias("b.test", 9).stray("b.tes", "192.0.2.66", 1)), "www.test");
    REQUIRE(detour);
    CHECK(detour->addresses.empty());
}

TEST_CASE("aliases in a circle lead nowhere", "[dns_message]") {
    const auto r =
        read(encoded(dns_reply().alias("b.test", 9).alias("www.test", 9).alias("b.test", 9)), "www.test");
    REQUIRE(r);
    CHECK(r->addresses.empty());
}

TEST_CASE("a negative answer is good for the shorter of the SOA's two times", "[dns_message]") {
    const auto minimum = read(encoded(dns_reply().no_such_name().soa(300, 60)), "www.test");
    REQUIRE(minimum);
    CHECK(minimum->negative_ttl == 60s);
    const auto ttl = read(encoded(dns_reply().soa(20, 60)), "www.test");
    REQUIRE(ttl);
    CHECK(ttl->negative_ttl == 20s);
}

TEST_CASE("a time to live with the highest bit set is none", "[dns_message]") {
    const auto r = read(encoded(dns_reply().address("192.0.2.1", 0x80000001U)), "www.test");
    REQUIRE(r);
    CHECK(r->ttl == 0s);
}

TEST_CASE("names may point back, in capital letters too", "[dns_message]") {
    using namespace std::string_literals;
    const auto r = read(begun(1) + "\xc0\x0c\0\1\0\1\0\0\0\x09\0\4\xc0\0\2\1"s, "a.b");
    REQUIRE(r);
    CHECK(texts(*r) == strings{"192.0.2.1"});
    const auto mixed = read(begun(1) + "\1A\xc0\x0e\0\1\0\1\0\0\0\x09\0\4\xc0\0\2\1"s, "a.b");
    REQUIRE(mixed);
    CHECK(texts(*mixed) == strings{"192.0.2.1"});
    // One label "a.b" is not the name a.b
    const auto label = read(begun(1) + "\3a.b\0\0\1\0\1\0\0\0\x09\0\4\xc0\0\2\1"s, "a.b");
    REQUIRE(label);
    CHECK(label->addresses.empty());
}

TEST_CASE("what is no whole message is refused, wherever it ends or points to", "[dns_message]") {
    using namespace std::string_literals;
    const std::string whole = encoded(dns_reply().alias("b.test", 9).address("192.0.2.1", 9));
    REQUIRE(read(whole, "www.test"));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(read(whole.substr(0, size), "www.test"));
    }
    const std::string rest = "\0\1\0\1\0\0\0\x09\0\4\xc0\0\2\1"s;
    CHECK_FALSE(read(begun(1) + "\xc0\x15" + rest, "a.b"));                            // to itself
    CHECK_FALSE(read(begun(1) + "\xc0\x7f" + rest, "a.b"));                            // forward
    CHECK_FALSE(read(begun(1) + "\1x\xc0\x15" + rest, "a.b"));                         // a circle
    CHECK_FALSE(read(begun(1) + "\x40" + std::string(64, 'a') + "\0"s + rest, "a.b")); // no such label
    CHECK_FALSE(read(begun(1) + "\xc0\x0c\0\1\0\1\0\0\0\x09\0\5\xc0\0\2\1\1"s, "a.b")
    ); // an address of 5 bytes
}

TEST_CASE("noise never does more than be refused", "[dns_message]") {
    std::minstd_rand chance(7);
    const std::string whole = encoded(dns_reply().alias("b.test", 9).address("192.0.2.1", 9).soa(1, 2));
    int understood = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string spoilt = whole;
        for (int i = 0; i < 3; ++i)
            spoilt[chance() % spoilt.size()] = static_cast<char>(chance());
        const auto r = read(spoilt, "www.test");
        understood += r ? 1 : 0;
        if (r)
            CHECK(r->addresses.size() <= 1);
    }
    CHECK(understood > 0);
    CHECK(understood < 20'000);
}
