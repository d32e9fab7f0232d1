#include "http_client/answer.hpp"

#include "tests/support/catch.hpp"

#include <initializer_list>
#include <utility>

using oneloop::http::answer;

namespace {

answer reading(std::initializer_list<std::string_view> lines) {
    answer a(10'000);
    for (const auto line : lines)
        REQUIRE(a.line(line));
    return a;
}

} // namespace

TEST_CASE("answer: status and fields", "[answer]") {
    auto a = reading({"HTTP/1.1 404 Not Found\r\n", "Server:  x \r\n", "Empty:\r\n", "\r\n"});
    CHECK(a.status() == 404);
    CHECK_FALSE(a.ok());
    const auto r = a.take();
    CHECK(r.headers().get("server") == "x");
    CHECK(r.headers().get("empty") == "");
    CHECK(r.headers().size() == 2);
}

TEST_CASE("answer: only the last of several heads counts, trailers add to it", "[answer]") {
    auto a = reading(
        {"HTTP/1.1 103 Early Hints\r\n", "Link: a\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "B: 1\r\n", "\r\n",
         "C: 2\r\n"}
    );
    CHECK(a.status() == 200);
    const auto r = a.take();
    CHECK_FALSE(r.headers().contains("link"));
    CHECK(r.headers().get("b") == "1");
    CHECK(r.headers().get("c") == "2");
}

TEST_CASE("answer: a line that goes on, a line that is none", "[answer]") {
    auto a =
        reading({"HTTP/1.1 200 OK\r\n", " lost\r\n", "A: one\r\n", "\t two\r\n", "nonsense\r\n", "\r\n"});
    const auto r = a.take();
    CHECK(r.headers().get("a") == "one two");
    CHECK(r.headers().size() == 1);
}

TEST_CASE("answer: strange status lines", "[answer]") {
    CHECK(reading({"HTTP/1.1\r\n"}).status() == 0);
    CHECK(reading({"HTTP/1.0 200\r\n"}).status() == 200);
    CHECK(reading({"HTTP/1.1 2x0 OK\r\n"}).status() == 20);
}

TEST_CASE("answer: the head has a limit, over all heads and trailers", "[answer]") {
    answer a(20);
    CHECK(a.line("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(a.line("X: y\r\n"));
    CHECK(a.line("\r\n"));
}

TEST_CASE("answer: the body, and a length that is not to be believed", "[answer]") {
    auto a = reading({"HTTP/1.1 200 OK\r\n", "\r\n"});
    a.keep("hello ", std::int64_t{1} << 60);
    a.keep("world", -1);
    a.count(5);
    CHECK(a.body_size() == 16);
    const auto r = a.take();
    CHECK(r.body() == "hello world");
    CHECK(r.body().capacity() < (2 << 20));
}

TEST_CASE("answer: a copy of what has come is not changed by what comes next", "[answer]") {
    auto a = reading({"HTTP/1.1 200 OK\r\n", "A: 1\r\n", "\r\n"});
    a.keep("one", 0);
    const auto early = a.copy();
    a.keep("two", 0);
    a.line("B: 2\r\n");
    auto whole = a.take();
    CHECK(early.body() == "one");
    CHECK(early.body_size() == 3);
    CHECK(early.headers().size() == 1);
    CHECK(whole.body() == "onetwo");
    CHECK(whole.headers().size() == 2);

    CHECK(std::move(whole).body() == "onetwo");
    CHECK(whole.status() == 200); // it gave only its body away
    CHECK(whole.headers().size() == 2);
    CHECK(oneloop::http::response().headers().size() == 0);
    CHECK(oneloop::http::response().body().empty());
}

TEST_CASE("answer: what comes behind the body is no second answer", "[answer]") {
    auto a = reading({"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "\r\n"});
    a.keep("all of it", 0);
    CHECK(a.line("HTTP/1.1 302 Found\r\n"));
    CHECK(a.line("Location: /elsewhere\r\n"));
    CHECK(a.line("\r\n"));
    CHECK(a.status() == 200);
    CHECK(a.headers().contains("Transfer-Encoding"));
}

TEST_CASE("answer: whether it tells its end", "[answer]") {
    const auto tells = [](std::initializer_list<std::string_view> fields) {
        answer a(10'000);
        CHECK(a.line("HTTP/1.1 200 OK\r\n"));
        for (const auto field : fields)
            CHECK(a.line(field));
        return a.tells_its_end();
    };
    CHECK_FALSE(tells({"Server: x\r\n"}));
    CHECK(tells({"content-length: 5\r\n"}));
    CHECK(tells({"Transfer-Encoding: gzip, CHUNKED\r\n"}));
    CHECK(tells({"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n"}));
    CHECK_FALSE(tells({"Transfer-Encoding: gzip\r\n"}));
    CHECK_FALSE(tells({"Transfer-Encoding: gzip\r\n", "Content-Length: 5\r\n"}));
    CHECK_FALSE(tells({"Transfer-Encoding: not-so-chunked-after-all\r\n"}));
}
