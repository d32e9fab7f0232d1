#include "core/address_order.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop;
using strings = std::vector<std::string>;

namespace {

using boost::asio::ip::address;
using boost::asio::ip::make_address;

// "to" or "to from"
strings sorted(const strings& list) {
    std::vector<destination> ways;
    for (const std::string& text : list) {
        const auto blank = text.find(' ');
        destination d;
        d.address = make_address(text.substr(0, blank));
        if (blank != text.npos)
            d.source = make_address(text.substr(blank + 1));
        ways.push_back(d);
    }
    sort_destinations(ways);
    strings out;
    for (const auto& d : ways)
        out.push_back(d.address.to_string());
    return out;
}

strings ordered(const strings& list, address_order how, std::optional<address> (*source)(const address&)) {
    std::vector<address> all;
    for (const auto& text : list)
        all.push_back(make_address(text));
    strings out;
    for (const auto& a : in_order(all, how, source))
        out.push_back(a.to_string());
    return out;
}

std::optional<address> only_ipv4(const address& a) {
    if (a.is_v4())
        return make_address("198.51.100.117");
    return {};
}

std::optional<address> never_asked(const address&) {
    throw std::logic_error("asked for a source");
}

} // namespace

// RFC 6724, 10.2, those that depend on nothing but addresses
TEST_CASE("the examples of RFC 6724 come out as they stand there", "[address_order]") {
    CHECK(
        sorted({"198.51.100.121 198.51.100.117", "2001:db8:1::1 2001:db8:1::2"}) ==
        strings{"2001:db8:1::1", "198.51.100.121"}
    );
    CHECK(sorted({"2001:db8:1::1 fe80::1", "198.51.100.121 198.51.100.117"}).front() == "198.51.100.121");
    CHECK(sorted({"2001:db8:1::1 2001:db8:1::2", "10.1.2.3 10.1.2.4"}).front() == "2001:db8:1::1");
    CHECK(sorted({"2001:db8:1::1 2001:db8:1::2", "fe80::1 fe80::2"}).front() == "fe80::1");
    CHECK(
        sorted({"2002:c633:6401::1 2002:c633:6401::2", "2001:db8:1::1 2001:db8:1::2"}).front() ==
        "2001:db8:1::1"
    );
    CHECK(sorted({"fd00::1 fd00::2", "192.0.2.1 192.0.2.2"}).front() == "192.0.2.1");
}

TEST_CASE("what cannot be reached comes last, and equals keep their order", "[address_order]") {
    CHECK(sorted({"2001:db8::1", "192.0.2.1 192.0.2.9"}) == strings{"192.0.2.1", "2001:db8::1"});
    CHECK(
        sorted({"192.0.2.3 192.0.2.9", "192.0.2.1 192.0.2.9", "192.0.2.2 192.0.2.9"}) ==
        strings{"192.0.2.3", "192.0.2.1", "192.0.2.2"}
    );
    CHECK(sorted({"192.0.2.3", "192.0.2.1"}) == strings{"192.0.2.3", "192.0.2.1"});
    CHECK(
        sorted({"2001:db8:2::1 2001:db8:1::9", "2001:db8:1::1 2001:db8:1::9"}) ==
        strings{"2001:db8:1::1", "2001:db8:2::1"} // the nearer network
    );
    CHECK(sorted({"127.0.0.1 127.0.0.1", "::1 ::1"}) == strings{"::1", "127.0.0.1"});
}

TEST_CASE("an order that is asked for needs no routes", "[address_order]") {
    const strings mixed{"192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"};
    using how = address_order;
    CHECK(
        ordered(mixed, how::ipv4_first, &never_asked) ==
        strings{"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"}
    );
    CHECK(
        ordered(mixed, how::ipv6_first, &never_asked) ==
        strings{"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"}
    );
    CHECK(ordered(mixed, how::ipv4_only, &never_asked) == strings{"192.0.2.1", "192.0.2.2"});
    CHECK(ordered(mixed, how::ipv6_only, &never_asked) == strings{"2001:db8::1", "2001:db8::2"});
    CHECK(ordered({"192.0.2.1"}, how::system, &never_asked) == strings{"192.0.2.1"});
    CHECK(
        ordered({"2001:db8::1", "192.0.2.2"}, how::system, &only_ipv4) == strings{"192.0.2.2", "2001:db8::1"}
    );
}

TEST_CASE("the kernel says where it would talk to another from", "[address_order]") {
    const auto source = source_address_for(make_address("127.0.0.9"));
    REQUIRE(source);
    CHECK(source->is_loopback());
}
