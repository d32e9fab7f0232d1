#include "core/resolv_conf.hpp"

#include "core/name_search.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop;
using strings = std::vector<std::string>;

TEST_CASE("servers, search domains and options are read", "[resolv_conf]") {
    const auto c = read_resolv_conf(
        "# comment\n; another\nnameserver 192.0.2.1\n\tnameserver\t2001:db8::1 # here\n"
        "search one.example Two.Example. .\noptions timeout:1 ndots:3 rotate\nsortlist x\nnameserver "
        "192.0.2.3\n"
        "nameserver 192.0.2.4",
        nullptr, nullptr
    );
    CHECK(c.servers == strings{"192.0.2.1", "[2001:db8::1]", "192.0.2.3"}); // three, as everywhere
    CHECK(c.search == strings{"one.example", "two.example"});
    CHECK(c.ndots == 3);
    CHECK(c.rotate);
}

TEST_CASE("a server may have a port, and what is no address is none", "[resolv_conf]") {
    const auto c = read_resolv_conf(
        "nameserver one.example\nnameserver [127.0.0.1]:5353\nnameserver\nnameserver [::1]:53\nnameserver [\n"
        "nameserver fe80::1%1",
        nullptr, nullptr
    );
    CHECK(c.servers == strings{"127.0.0.1:5353", "[::1]:53", "[fe80::1%1]"});
}

TEST_CASE("an empty or missing file means the server on this machine", "[resolv_conf]") {
    const auto c = read_resolv_conf("", nullptr, nullptr);
    CHECK(c.servers == strings{"127.0.0.1"});
    CHECK(c.search.empty());
    CHECK(c.ndots == 1);
    CHECK_FALSE(c.rotate);
}

TEST_CASE("of search and domain the last one counts, and the environment comes after", "[resolv_conf]") {
    const std::string text = "search a.example\ndomain b.example c.example\noptions ndots:2\n";
    CHECK(read_resolv_conf(text, nullptr, nullptr).search == strings{"b.example"});
    const auto c = read_resolv_conf(text, "x.example y.example", "ndots:99 rotate");
    CHECK(c.search == strings{"x.example", "y.example"});
    CHECK(c.ndots == 15);
    CHECK(c.rotate);
    CHECK(read_resolv_conf(text, "", "ndots:x").search.empty());
    CHECK(read_resolv_conf(text, "", "ndots:x").ndots == 2);
}

TEST_CASE("a name with enough dots is asked as it is first", "[name_search]") {
    const strings domains{"one.example", "two.example"};
    CHECK(names_to_ask("db", domains, 1) == strings{"db.one.example", "db.two.example", "db"});
    CHECK(names_to_ask("db.x", domains, 1) == strings{"db.x", "db.x.one.example", "db.x.two.example"});
    CHECK(names_to_ask("db.x", domains, 2) == strings{"db.x.one.example", "db.x.two.example", "db.x"});
    CHECK(names_to_ask("db", domains, 0) == strings{"db", "db.one.example", "db.two.example"});
}

TEST_CASE("a name with a dot at the end is not searched", "[name_search]") {
    CHECK(names_to_ask("db.", {"one.example"}, 1) == strings{"db"});
    CHECK(names_to_ask("db.x.", {"one.example"}, 5) == strings{"db.x"});
    CHECK(names_to_ask("db", {}, 1) == strings{"db"});
}

TEST_CASE("a name that gets too long with a domain is left out", "[name_search]") {
    const std::string label(60, 'a'), name = label + "." + label + "." + label + "." + label;
    CHECK(names_to_ask(name, {"one.example", "b"}, 9) == strings{name + ".b", name});
}
