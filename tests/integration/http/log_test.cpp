#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripted_answers.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <stdexcept>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

awaitable<> torn(yield<std::string>& out) {
    co_await out("half");
    throw std::runtime_error("the tape\r\nGET http://forged.test/ -> 200\x1b[2J\xc2\x9b\xe2\x80\xa8 tore");
}

bool has_control(const std::string& line) {
    return std::ranges::any_of(line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

awaitable<> lines_seen(const std::vector<std::string>& lines, std::size_t count) {
    while (lines.size() < count)
        co_await sleep_for(1ms);
}

} // namespace

TEST_CASE("log: a line is one line, whatever goes into it", "[http][trace][security]") {
    tcp_server server(script().expect_request().hang());
    const temp_dir dir;
    std::vector<std::string> lines;
    const auto write = [&](const std::string& line) { lines.push_back(line); };
    with_client(http::client_options().log(write), [&](http::client& http) -> awaitable<> {
        generator<std::string> source(co_await this_coro::executor, torn);
        auto sent = co_await http.put(server.url(), http::upload(std::move(source)), nothrow);
        CHECK_FALSE(sent);
        const std::string nowhere = (dir.path() / "no\nsuch\tfolder\x7f/file").string();
        auto stored = co_await http.download(server.url(), nowhere, nothrow);
        CHECK_FALSE(stored);
        co_await lines_seen(lines, 2);
    });
    REQUIRE(lines.size() == 2);
    CHECK_THAT(
        lines[0],
        containing("the tape\\r\\nGET http://forged.test/ -> 200\\x1b[2J\\xc2\\x9b\\xe2\\x80\\xa8 tore")
    );
    CHECK_THAT(lines[1], containing("no\\nsuch\\x09folder\\x7f/"));
    for (const auto& line : lines)
        CHECK_FALSE(has_control(line));
}

TEST_CASE("log: no secret is in it, however a request ends", "[http][trace][security]") {
    const std::string moved = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ";
    tcp_server server([&](std::size_t connection) {
        return connection == 0 ? script()
                                     .expect(whole_request)
                                     .send(moved + "/there?token=s3cret\r\n\r\n")
                                     .expect(whole_request)
                                     .send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
                                     .expect(whole_request)
                                     .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                                     .expect(whole_request)
                                     .send(moved + "http://u:s3cret@[bad/?key=s3cret\r\n\r\n")
                                     .expect(whole_request)
                                     .send(moved + "ftp://s3cret:s3cret@a.test/?key=s3cret\r\n\r\n")
                                     .expect(whole_request)
                               : script();
    });
    std::vector<std::string> lines;
    const auto write = [&](const std::string& line) { lines.push_back(line); };
    const std::string with_user = "http://s3cret:s3cret@" + server.url("/a?key=s3cret").substr(7);
    const auto secrets = http::request_options()
                             .header("Cookie", "id=s3cret")
                             .header("X-Key", "s3cret")
                             .query("more", "s3cret")
                             .bearer("s3cret")
                             .retry(retry_policy().attempts(2).backoff(1ms, 1ms));
    with_client(http::client_options().log(write), [&](http::client& http) -> awaitable<> {
        auto done = co_await http.get(with_user, secrets, nothrow); // redirected, and tried again
        CHECK(done);
        const auto once = http::request_options(secrets).retry(retry_policy().attempts(1));
        for (int i = 0; i < 3; ++i) { // two bad redirects, and no answer
            auto failed = co_await http.get(with_user, once, nothrow);
            CHECK(failed.has_error());
        }
        const auto basic = http::request_options().basic_auth("s3cret", "s3cret");
        auto refused = co_await http.get("http://127.0.0.1:1/?s3cret", basic, nothrow);
        CHECK(refused.has_error());
        co_await lines_seen(lines, 5);
    });
    const auto proxied = http::client_options().log(write).proxy("http://s3cret:s3cret@127.0.0.1:1");
    with_client(proxied, [&](http::client& http) -> awaitable<> {
        auto unreached = co_await http.get("https://a.test/?s3cret", nothrow);
        CHECK(unreached.has_error());
        co_await lines_seen(lines, 6);
    });
    REQUIRE(lines.size() == 6);
    CHECK_THAT(lines[0], containing("/there?… -> 200"));
    for (const auto& line : lines)
        CHECK_THAT(line, !containing("s3cret"));
}
