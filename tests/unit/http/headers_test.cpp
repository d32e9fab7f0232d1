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

TEST_CASE("headers: copies and moved ones keep what they refer to", "[headers]") {
    http::headers original;
    for (int i = 0; i < 100; ++i) // more than once beyond the room there is
        original.add("Name-" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'));
    auto copy = original;
    const auto moved = std::move(original);
    copy.set("name-7", "another");
    copy.continue_last("and more");
    for (int i = 0; i < 100; ++i)
        CHECK(moved.get("Name-" + std::to_string(i)) == std::string(static_cast<std::size_t>(i), 'v'));
    CHECK(copy.get("Name-7") == "another and more");
    CHECK(copy.get("Name-8") == "vvvvvvvv");
    CHECK(copy.all("Name-7").size() == 1);
    CHECK(copy.size() == 100);
}

TEST_CASE("headers: a line that continues another belongs to the last", "[headers]") {
    http::headers h;
    h.continue_last("to nothing");
    CHECK(h.size() == 0);
    h.add("First", "one");
    h.add("Empty", "");
    h.continue_last("more");
    h.continue_last("and more");
    h.add("Last", "three");
    CHECK(h.get("First") == "one");
    CHECK(h.get("Empty") == " more and more");
    CHECK(h.get("Last") == "three");
}

TEST_CASE("headers: what they give may be given back to them", "[headers]") {
    http::headers h;
    h.add("A", "value");
    for (int i = 0; i < 1000; ++i)
        h.add("B", *h.get("A"));
    h.set("A", *h.get("B"));
    CHECK(h.get("A") == "value");
    CHECK(h.all("B").size() == 1000);
    CHECK(h.all("B").back() == "value");
}
