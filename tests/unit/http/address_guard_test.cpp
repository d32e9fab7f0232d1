#include "tests/support/catch.hpp"
#include <oneloop/error.hpp>
#include <oneloop/http/address_guard.hpp>

using namespace oneloop;
using boost::asio::ip::make_address;
using http::address_guard;

namespace {

std::string reason(const address_guard& guard, const std::string& address) {
    const char* why = guard.refuse(make_address(address));
    return why ? why : "passes";
}

} // namespace

TEST_CASE("address guard: without one everything passes", "[guard]") {
    for (const char* address : {"127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "192.0.2.1", "8.8.8.8"})
        CHECK(reason(address_guard(), address) == "passes");
}

TEST_CASE(
    "address guard: what is not everybody's is refused, from its first address to its last", "[guard]"
) {
    const auto guard = address_guard::public_only();
    for (const char* address : {"0.0.0.0",      "0.255.255.255",   "10.0.0.0",   "10.255.255.255",
                                "100.64.0.0",   "100.127.255.255", "127.0.0.1",  "127.255.255.255",
                                "169.254.0.0",  "169.254.169.254", "172.16.0.0", "172.31.255.255",
                                "192.0.0.0",    "192.0.0.255",     "192.0.2.1",  "192.88.99.1",
                                "192.168.0.0",  "192.168.255.255", "198.18.0.0", "198.19.255.255",
                                "198.51.100.1", "203.0.113.1",     "224.0.0.1",  "239.255.255.255",
                                "240.0.0.1",    "255.255.255.255", "::",         "::1",
                                "fc00::1",      "fdff::1",         "fe80::1",    "fe80::1%1",
                                "febf::1",      "fec0::1",         "ff02::1",    "2001:db8::1",
                                "3fff::1",      "100::1",          "2001:10::1", "2001:1ff::1",
                                "4000::1",      "e000::1",         "5f00::1"}) {
        INFO(address);
        CHECK(reason(guard, address) != "passes");
    }
}

TEST_CASE("address guard: what is next to it passes", "[guard]") {
    const auto guard = address_guard::public_only();
    for (const char* address : {"1.0.0.0",         "8.8.8.8",         "9.255.255.255",
                                "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
                                "126.255.255.255", "128.0.0.0",       "169.253.255.255",
                                "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
                                "192.0.1.0",       "192.0.3.0",       "192.167.255.255",
                                "192.169.0.0",     "198.17.255.255",  "198.20.0.0",
                                "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888",
                                "2a00::1",         "3ffe::1"})
        CHECK(reason(guard, address) == "passes");
}

TEST_CASE("address guard: IPv6 that stands for IPv4 is looked through", "[guard]") {
    const auto guard = address_guard::public_only();
    for (const char* address :
         {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::10.1.2.3", "64:ff9b::127.0.0.1",
          "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:1:2:3:4:80ff:fffe", // ~127.0.0.1
          "64:ff9b:1::1"}) {
        INFO(address);
        CHECK(reason(guard, address) != "passes");
    }
    for (const char* address :
         {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:1:2:3:4:f7f7:f7f7"})
        CHECK(reason(guard, address) == "passes");
}

TEST_CASE("address guard: a network is allowed by name", "[guard]") {
    const auto guard =
        address_guard::public_only().allow("10.1.0.0/16").allow("127.0.0.1").allow("fd12::/16");
    CHECK(reason(guard, "10.1.255.255") == "passes");
    CHECK(reason(guard, "10.2.0.0") == "a private address");
    CHECK(reason(guard, "127.0.0.1") == "passes");
    CHECK(reason(guard, "::ffff:127.0.0.1") == "passes");
    CHECK(reason(guard, "127.0.0.2") == "this machine");
    CHECK(reason(guard, "fd12:3456::1") == "passes");
    CHECK(reason(guard, "fd13::1") == "a private address");
    for (const char* nonsense : {"", "10.1", "10.0.0.0/33", "example.org", "10.0.0.0/x", "fd00::/129"})
        CHECK_THROWS_AS(address_guard().allow(nonsense), error);
}
