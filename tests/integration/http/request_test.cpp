#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripted_answers.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"

#include <algorithm>
#include <cctype>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

// What a request looks like on the wire.

namespace {

// libcurl writes percent signs with small letters, or with capital ones
std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

// The first connection is kept, takes a second request, and is closed.
script closes_on_reuse(std::size_t connection) {
    if (connection > 0)
        return answers();
    return script()
        .expect(whole_request)
        .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .expect(whole_request);
}

} // namespace

TEST_CASE("request: each method, with and without a body", "[http][request]") {
    tcp_server server(answers());
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.get(server.url("/g"));
        CHECK_THAT(last(server), containing("GET /g HTTP/1.1\r\n"));
        CHECK(last(server).find("Content-") == std::string::npos);

        auto posted = co_await http.post(server.url("/p"), http::body("bytes", "image/png"));
        CHECK(posted.method() == "POST");
        CHECK_THAT(last(server), containing("POST /p HTTP/1.1\r\n"));
        CHECK_THAT(last(server), containing("Content-Type: image/png\r\n"));
        CHECK_THAT(last(server), containing("Content-Length: 5\r\n"));
        CHECK(last(server).ends_with("\r\n\r\nbytes"));
        CHECK(last(server).find("Expect") == std::string::npos);

        co_await http.put(server.url("/q"), http::text("grün"));
        CHECK_THAT(last(server), containing("PUT /q HTTP/1.1\r\n"));
        CHECK_THAT(last(server), containing("Content-Type: text/plain; charset=utf-8\r\n"));
        co_await http.patch(server.url("/r"), "x", http::request_options().header("If-Match", "\"1\""));
        CHECK_THAT(last(server), containing("PATCH /r HTTP/1.1\r\n"));
        CHECK_THAT(last(server), containing("If-Match: \"1\"\r\n"));
        co_await http.del(server.url("/s"));
        CHECK_THAT(last(server), containing("DELETE /s HTTP/1.1\r\n"));
        CHECK(last(server).find("Content-") == std::string::npos);
        co_await http.send(http::request("PURGE", server.url("/t")));
        CHECK_THAT(last(server), containing("PURGE /t HTTP/1.1\r\n"));
        auto empty = co_await http.post(server.url("/u"), http::body(), nothrow);
        CHECK(empty.has_value());
        CHECK_THAT(last(server), containing("POST /u HTTP/1.1\r\n"));
        CHECK_THAT(last(server), containing("Content-Length: 0\r\n"));

        // A handle that has sent all that sends a plain GET again
        co_await http.get(server.url("/v"));
        CHECK_THAT(last(server), containing("GET /v HTTP/1.1\r\n"));
        CHECK(last(server).find("Content-") == std::string::npos);
        CHECK(server.connections() == 1);
    });
}

TEST_CASE(
    "request: the answer to HEAD has no body, and the next on its connection is right", "[http][request]"
) {
    nginx server;
    server.serve("page", std::string(1'000, 'x'));
    with_client([&](http::client& http) -> awaitable<> {
        auto head = co_await http.head(server.url("/page"));
        CHECK(head.status() == 200);
        CHECK(head.headers().get("content-length") == "1000");
        CHECK(head.body().empty());
        CHECK(head.certainly_complete());
        auto page = co_await http.get(server.url("/page"));
        CHECK(page.body().size() == 1'000);
        CHECK(page.reused_connection());
    });
}

TEST_CASE("request: a large body arrives whole", "[http][request]") {
    std::string bytes(5 << 20, '\0'); // made here, because that takes longer than a loop may be stopped
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 7);
    with_client([&](http::client& http) -> awaitable<> {
        tcp_server server(answers()); // which keeps what it was sent
        co_await http.put(server.url(), http::body(bytes));
        CHECK(last(server).ends_with(bytes));
    });
}

TEST_CASE("request: forms and files", "[http][request]") {
    tcp_server server(answers());
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.post(server.url(), http::form().field("name", "Ada & Co").field("born", 1815));
        CHECK_THAT(last(server), containing("Content-Type: application/x-www-form-urlencoded\r\n"));
        CHECK(last(server).ends_with("\r\n\r\nname=Ada%20%26%20Co&born=1815"));

        auto parts =
            http::multipart().field("title", "A").file("f", "a\"\r\nb.txt", "line\r\n--x", "text/plain");
        co_await http.post(server.url(), parts);
        const std::string sent = last(server);
        const auto at = sent.find("boundary=") + 9;
        const std::string boundary = sent.substr(at, sent.find("\r\n", at) - at);
        CHECK(boundary.size() >= 32);
        CHECK(
            sent.substr(sent.find("\r\n\r\n") + 4) ==
            "--" + boundary + "\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA\r\n--" + boundary +
                "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a%22%0D%0Ab.txt\"\r\n"
                "Content-Type: text/plain\r\n\r\nline\r\n--x\r\n--" +
                boundary + "--\r\n"
        );
    });
}

TEST_CASE("request: query, base URL, fields of the client", "[http][request]") {
    tcp_server server(answers());
    auto options =
        http::client_options().base_url(server.url("/v1/")).header("X-Key", "k").header("Accept", "a/b");
    with_client(options, [&](http::client& http) -> awaitable<> {
        auto page =
            co_await http.get("cars?x=1", http::request_options().query("q", "a b&c=ü").query("r", ""));
        CHECK_THAT(lower(last(server)), containing("get /v1/cars?x=1&q=a%20b%26c%3d%c3%bc&r= http/1.1\r\n"));
        CHECK(lower(page.url()) == server.url("/v1/cars?x=1&q=a%20b%26c%3d%c3%bc&r="));
        CHECK_THAT(last(server), containing("X-Key: k\r\n"));
        CHECK_THAT(last(server), containing("Accept: a/b\r\n"));
        co_await http.get("/other", http::request_options().header("accept", "c/d"));
        CHECK_THAT(last(server), containing("GET /other HTTP/1.1\r\n"));
        CHECK_THAT(last(server), containing("accept: c/d\r\n"));
        CHECK(last(server).find("a/b") == std::string::npos);
    });
}

TEST_CASE("request: who asks is told, and shown to nobody else", "[http][request]") {
    tcp_server server(answers());
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.get(server.url(), http::request_options().basic_auth("ada@x", "s3cret:@/"));
        CHECK_THAT(last(server), containing("Authorization: Basic "));
        const auto named = last(server);
        co_await http.get(server.url(), http::request_options().bearer("t0ken"));
        CHECK_THAT(last(server), containing("Authorization: Bearer t0ken\r\n"));
        co_await http.get(server.url());
        CHECK(last(server).find("Authorization") == std::string::npos);
        auto refused = co_await http.get(
            "http://127.0.0.1:1/", http::request_options().basic_auth("u", "s3cret"), nothrow
        );
        CHECK(refused.error().message().find("s3cret") == std::string::npos);
    });
}

TEST_CASE("request: digest is answered, for a POST too", "[http][request]") {
    const std::string challenge =
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
        "Content-Length: 2\r\n\r\nno";
    tcp_server server(script()
                          .expect(whole_request)
                          .send(challenge)
                          .expect(whole_request)
                          .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    with_client([&](http::client& http) -> awaitable<> {
        auto done =
            co_await http.post(server.url(), "body", http::request_options().digest_auth("ada", "s3cret"));
        CHECK(done.status() == 200);
        CHECK(done.body() == "ok");
        REQUIRE(server.requests().size() == 2);
        CHECK_THAT(last(server), containing("Authorization: Digest username=\"ada\""));
        CHECK(last(server).ends_with("\r\n\r\nbody"));
    });
}

TEST_CASE("request: a POST with digest is not sent a third time by itself", "[http][request][fault]") {
    const std::string challenge =
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
        "Content-Length: 2\r\n\r\nno";
    tcp_server server([&](std::size_t connection) {
        return connection == 0 ? script().expect(whole_request).send(challenge).expect(whole_request)
                               : answers();
    });
    with_client([&](http::client& http) -> awaitable<> {
        const auto digest = http::request_options().digest_auth("ada", "s3cret");
        auto lost = co_await http.post(server.url(), "body", digest, nothrow);
        REQUIRE(lost.has_error());
        CHECK(lost.error() == condition::network);
        CHECK(lost.error().outcome() != outcome::not_sent);
        CHECK(server.requests().size() == 2);
    });
}

TEST_CASE("request: what one server has said for digest is told to no other", "[http][request]") {
    const auto challenge = [](const std::string& realm) {
        return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"" + realm +
               "\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 2\r\n\r\nno";
    };
    const std::string done = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    tcp_server one(script().expect(whole_request).send(challenge("one")).expect(whole_request).send(done));
    tcp_server other(script().expect(whole_request).send(challenge("other")).expect(whole_request).send(done)
    );
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.get(one.url(), http::request_options().digest_auth("ada", "s3cret"));
        co_await http.get(other.url(), http::request_options().digest_auth("bob", "t0psecret"));
        REQUIRE(other.requests().size() == 2);
        CHECK_THAT(other.requests()[0].bytes, !containing("Authorization"));
        CHECK_THAT(last(other), containing("username=\"bob\", realm=\"other\""));
    });
}

TEST_CASE("request: what would be a line of its own is refused", "[http][request]") {
    tcp_server server(answers());
    with_client([&](http::client& http) -> awaitable<> {
        const std::string url = server.url();
        std::vector<http::request> bad;
        bad.emplace_back("GET / HTTP/1.1\r\nX:", url);
        bad.emplace_back("", url);
        bad.emplace_back(std::string("G\0T", 3), url);
        bad.emplace_back("CONNECT", url);
        bad.emplace_back("TRACE", url);
        bad.push_back(http::request("POST", url).body(http::body("x", "text/plain\r\nX: y")));
        bad.push_back(http::request("HEAD", url).body("x"));
        bad.push_back(http::request("POST", url).header("X-A", std::string("a\0b", 3)));
        bad.push_back(http::request(url).options(http::request_options().bearer("a\r\nX: y")));
        bad.push_back(
            http::request(url).options(http::request_options().basic_auth(std::string("a\0b", 3), ""))
        );
        for (const auto& each : bad) {
            auto refused = co_await http.send(each, nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == condition::argument);
            CHECK(refused.error().outcome() == outcome::not_sent);
        }
        CHECK(server.requests().empty());
    });
}

TEST_CASE("response: where the time went, and over what it came", "[http][response]") {
    nginx server;
    server.serve("page", std::string(100'000, 'x'));
    with_client([&](http::client& http) -> awaitable<> {
        auto first = co_await http.get(server.url("/page"));
        CHECK(first.version() == "HTTP/1.1");
        CHECK_FALSE(first.reused_connection());
        CHECK(first.times().connect > 0s);
        CHECK(first.times().tls == 0s);
        CHECK(first.times().first_byte > 0s);
        CHECK(first.times().total >= first.times().connect + first.times().first_byte);
        auto second = co_await http.get(server.url("/page"));
        CHECK(second.reused_connection());
        CHECK(second.times().connect == 0s);
    });
}

TEST_CASE("response: whether the body is certainly complete", "[http][response]") {
    tcp_server cut_off(script().expect_request().send("HTTP/1.1 200 OK\r\n\r\nperhaps all"));
    tcp_server chunked(script().expect_request().send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n"
    ));
    with_client([&](http::client& http) -> awaitable<> {
        auto perhaps = co_await http.get(cut_off.url());
        CHECK(perhaps.body() == "perhaps all");
        CHECK_FALSE(perhaps.certainly_complete());
        auto all = co_await http.get(chunked.url());
        CHECK(all.body() == "all");
        CHECK(all.certainly_complete());
    });
}

TEST_CASE("response: two Content-Lengths that differ are refused", "[http][response]") {
    for (const std::string lengths : {"3\r\nContent-Length: 5", "99999999999999999999", "+3", "3, 3"}) {
        tcp_server server(
            script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: " + lengths + "\r\n\r\nhello")
        );
        with_client([&](http::client& http) -> awaitable<> {
            auto refused = co_await http.get(server.url(), nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == condition::protocol);
            CHECK(refused.error().outcome() == outcome::answered);
        });
    }
}

TEST_CASE("response: text in its charset", "[http][response]") {
    auto with_type = [](const std::string& type, const std::string& bytes) {
        return script().expect_request().send(
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n" +
            (type.empty() ? "" : "Content-Type: " + type + "\r\n") + "\r\n" + bytes
        );
    };
    auto fetched = [&](const std::string& type, const std::string& bytes) {
        std::string text;
        tcp_server server(with_type(type, bytes));
        with_client([&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(server.url());
            try {
                text = page.text();
            } catch (const error& e) {
                text = e.code() == condition::protocol ? "unknown charset" : "?";
            }
        });
        return text;
    };
    CHECK(fetched("text/html; charset=ISO-8859-1", "gr\xfcn") == "grün");
    CHECK(fetched("text/html;Charset=\"windows-1252\"; x=y", "\x80") == "€");
    CHECK(fetched("text/html; charset=shift_jis", "\x93\xfa\x96\x7b") == "日本");
    CHECK(fetched("text/html", "grün") == "grün");
    CHECK(fetched("", "grün") == "grün");
    CHECK(
        fetched(
            "text/html; charset=utf-8",
            "a\xff"
            "b\xe2\x82"
        ) == "a\uFFFDb\uFFFD\uFFFD"
    );
    CHECK(fetched("text/html; charset=klingon", "x") == "unknown charset");
    CHECK(fetched("text/html; charset=utf-16//IGNORE", "x") == "unknown charset");
    CHECK(fetched("text/html; charset=", "x") == "unknown charset");
}

TEST_CASE("request: a POST is never sent twice by itself", "[http][request][fault]") {
    tcp_server server(closes_on_reuse);
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.post(server.url(), "one");
        auto lost = co_await http.post(server.url(), "two", nothrow);
        REQUIRE(lost.has_error());
        CHECK(lost.error() == condition::network);
        CHECK(lost.error().outcome() == outcome::in_doubt);
        CHECK(server.requests().size() == 2);
        CHECK(server.connections() <= 2);
        auto next = co_await http.post(server.url(), "three");
        CHECK(next.body() == "ok");
    });
    int twos = 0;
    for (const auto& r : server.requests())
        twos += r.bytes.ends_with("two");
    CHECK(twos == 1);
}

TEST_CASE("request: a GET is sent once more when a kept connection dies", "[http][request][fault]") {
    tcp_server server(closes_on_reuse);
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.get(server.url("/1"));
        auto again = co_await http.get(server.url("/2"));
        CHECK(again.body() == "ok");
        CHECK(server.requests().size() == 3);
        auto next = co_await http.get(server.url("/3"));
        CHECK(next.reused_connection());
        auto one_more = co_await http.get(server.url("/4"));
        CHECK(one_more.reused_connection());
    });
}

// Eight connections are kept, and each dies over its second request: as many as libcurl itself would not try.
TEST_CASE("request: a GET that a kept connection loses goes out on a new one", "[http][request][fault]") {
    constexpr std::size_t kept = 8;
    tcp_server server([](std::size_t connection) {
        if (connection >= kept)
            return answers();
        return script()
            .expect(whole_request)
            .wait_for_requests(kept)
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .expect(whole_request);
    });
    with_client([&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            std::vector<task<http::response>> all;
            for (std::size_t i = 0; i < kept; ++i)
                all.push_back(tasks.spawn(http.get(server.url("/first"))));
            for (auto& one : all)
                co_await one.get();
        });
        auto again = co_await http.get(server.url("/again"), nothrow);
        REQUIRE(again);
        CHECK(again->body() == "ok");
        CHECK_FALSE(again->reused_connection());
        CHECK(server.requests().size() == kept + 2); // sent twice, and no more
        CHECK(server.connections() == kept + 1);
    });
}
