#include "http_client/cookie_jar.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop;

TEST_CASE("cookie: a line of libcurl's", "[cookie]") {
    const auto c =
        http::read_cookie("#HttpOnly_.example.org\tTRUE\t/a\tTRUE\t1700000000\tname\tvalue\twith tab");
    CHECK(c.domain == "example.org");
    CHECK(c.and_below);
    CHECK(c.path == "/a");
    CHECK(c.secure);
    CHECK(c.http_only);
    REQUIRE(c.expires);
    CHECK(std::chrono::system_clock::to_time_t(*c.expires) == 1'700'000'000);
    CHECK(c.name == "name");
    CHECK(c.value == "value\twith tab");
}

TEST_CASE("cookie: of this host and this session", "[cookie]") {
    const auto c = http::read_cookie("127.0.0.1\tFALSE\t/\tFALSE\t0\tn\t");
    CHECK(c.domain == "127.0.0.1");
    CHECK_FALSE(c.and_below);
    CHECK_FALSE(c.secure);
    CHECK_FALSE(c.http_only);
    CHECK_FALSE(c.expires);
    CHECK(c.value.empty());
    CHECK(http::read_cookie("a\tFALSE\t/\tFALSE\t9223372036854775807\tn\tv").expires);
    CHECK(http::read_cookie("").name.empty());
}
