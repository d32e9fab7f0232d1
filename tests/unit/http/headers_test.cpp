#include "http_client/request_check.hpp"
#include "tests/support/catch.hpp"
#include <oneloop/http/headers.hpp>

using namespace oneloop;

TEST_CASE("headers: names without regard to case, repeated ones kept in order", "[headers]") {
    http::headers h;
    h.add("Set-Cookie", "a=1");
    h.add("Content-Type", "text/html");
    h.add("set-cookie", "b=2");
    CHECK(h.get("content-TYPE") == "text/html");
    CHECK(h.get("set-cookie") == "a=1");
    CHECK(h.all("SET-COOKIE") == std::vector<std::string_view>{"a=1", "b=2"});
    CHECK_FALSE(h.get("content"));
    CHECK(h.size() == 3);
}

TEST_CASE("headers: a line break in a name or a value is refused", "[headers]") {
    const auto verdict = [](std::string name, std::string value) {
        http::headers h;
        h.add(std::move(name), std::move(value));
        return http::check(h);
    };
    CHECK_FALSE(verdict("X-Fine", "any \t value: ü").code());
    CHECK_FALSE(verdict("X-Empty", "").code());
    for (const std::string bad : {"a\r\nB: c", "a\nb", "a\rb", "\x7f"})
        CHECK(verdict("X-Value", bad) == condition::argument);
    CHECK(verdict("X-Nul", std::string("a\0b", 3)) == condition::argument);
    for (const std::string bad : {"", "A B", "A:", "A\r\nB", "Ä"})
        CHECK(verdict(bad, "value") == condition::argument);
}
