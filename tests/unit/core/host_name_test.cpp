#include "core/host_name.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop;

namespace {

std::string labels(int count, std::size_t length) {
    std::string name;
    for (int i = 0; i < count; ++i)
        name += (i ? "." : "") + std::string(length, 'a');
    return name;
}

bool refused(std::string_view name) {
    return refuse_host_name(name) != nullptr;
}

} // namespace

TEST_CASE("names that hosts have are accepted", "[host_name]") {
    for (const char* name :
         {"a", "localhost", "example.org", "example.org.", "xn--bcher-kva.example", "_sip._udp.example",
          "3com.com", "A.B.C", "-odd-.example"})
        CHECK_FALSE(refused(name));
}

TEST_CASE("what cannot be a host's name is refused", "[host_name]") {
    for (const char* name :
         {"",
          ".",
          "..",
          ".a",
          "a..b",
          "a.b..",
          "a b",
          " a",
          "a\n",
          "a\tb",
          "a\x7f",
          "b\xc3\xbc"
          "cher.example",
          "a/b",
          "a:80",
          "u@a",
          "[::1]",
          "a\\.b",
          "*.a",
          "a%b",
          "a,b"})
        CHECK(refused(name));
    CHECK(refused(std::string_view("a\0b", 3)));
}

TEST_CASE("a label has 63 characters at most and a name 253, without the last dot", "[host_name]") {
    CHECK_FALSE(refused(labels(1, 63)));
    CHECK(refused(labels(1, 64)));
    CHECK(refused("a." + labels(1, 64) + ".b"));
    const std::string longest = labels(3, 63) + '.' + std::string(61, 'b');
    REQUIRE(longest.size() == 253);
    CHECK_FALSE(refused(longest));
    CHECK_FALSE(refused(longest + '.'));
    CHECK(refused(longest + 'b'));
}

TEST_CASE("capital letters become small and the last dot stays", "[host_name]") {
    CHECK(normal_host_name("WwW.Example.ORG.") == "www.example.org.");
    CHECK(normal_host_name("a_z-09") == "a_z-09");
}

TEST_CASE("a name in a message cannot forge a line of a log", "[host_name]") {
    CHECK(printable_host_name("a\r\nb\x7f\xff") == "a??b??");
    CHECK(printable_host_name("example.org") == "example.org");
    CHECK(printable_host_name(std::string(100'000, 'a')).size() < 300);
}
