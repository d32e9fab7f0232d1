#include "tests/integration/http/downloads.hpp"
#include "tests/support/nginx.hpp"

#include <memory>
#include <optional>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

using progress = http::download_progress;
const std::string slow_file = pattern(400'000);

// Half of it at once, the rest within a second.
nginx_options slow() {
    return nginx_options().slow_rate(200'000);
}

http::download_options telling(std::function<void(const progress&)> f) {
    return http::download_options().progress_interval(20ms).on_progress(std::move(f));
}

} // namespace

TEST_CASE("progress: told from the loop, growing, and at the end", "[http][download][progress]") {
    nginx server(slow());
    server.serve("slow/file", slow_file);
    const temp_dir dir;
    std::vector<progress> told;
    with_client([&](http::client& http) -> awaitable<> {
        const auto thread = std::this_thread::get_id();
        auto note = [&](const progress& p) {
            CHECK(std::this_thread::get_id() == thread);
            CHECK(names_in(dir.path()) != std::vector<std::string>{"file"});
            told.push_back(p);
        };
        co_await http.download(server.url("/slow/file"), dir / "file", telling(note));
    });
    REQUIRE(told.size() >= 2);
    CHECK(told.size() < 200);
    CHECK(told.back().bytes() == slow_file.size());
    CHECK(told.back().rate() > 0);
    CHECK(told.front().bytes() < slow_file.size());
    for (std::size_t i = 0; i < told.size(); ++i) {
        CHECK(told[i].total() == slow_file.size());
        CHECK((i == 0 || told[i].bytes() >= told[i - 1].bytes()));
    }
}

TEST_CASE("progress: at most once in an interval", "[http][download][progress]") {
    nginx server;
    server.serve("file", pattern(5'000'000));
    const temp_dir dir;
    int told = 0;
    with_client([&](http::client& http) -> awaitable<> {
        auto options = telling([&](const progress&) { ++told; }).progress_interval(1h);
        co_await http.download(server.url("/file"), dir / "file", options);
    });
    CHECK(told == 1);
}

TEST_CASE("progress: no length, no total; an empty file has an end, too", "[http][download][progress]") {
    const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    auto server =
        answers_in_turn({chunks, chunks, answer_with("200 OK", "", ""), answer_with("404 No", "", "no")});
    const temp_dir dir;
    std::vector<progress> told;
    with_client([&](http::client& http) -> awaitable<> {
        auto options = telling([&](const progress& p) { told.push_back(p); }).progress_interval(1h);
        co_await http.download(server.url(), dir / "file", options);
        REQUIRE(told.size() == 1);
        CHECK(told[0].bytes() == 5);
        CHECK_FALSE(told[0].total());
        co_await http.download(server.url(), dir / "file", http::download_options(options).expected_size(5));
        REQUIRE(told.size() == 2);
        CHECK(told[1].total() == 5U);
        co_await http.download(server.url(), dir / "file", options);
        REQUIRE(told.size() == 3);
        CHECK(told[2].bytes() == 0);
        CHECK(told[2].total() == 0U);
        co_await http.download(server.url(), dir / "file", options);
        CHECK(told.size() == 3); // a 404 is no file
    });
}

TEST_CASE("progress: an exception ends the download and is told", "[http][download][progress][fault]") {
    nginx server(slow());
    server.serve("slow/file", slow_file);
    server.serve("file", "short");
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto thrown = [&](const std::string& path, std::function<void(const progress&)> f) {
            return http.download(server.url(path), dir / "file", telling(std::move(f)), nothrow);
        };
        auto plain =
            co_await thrown("/slow/file", [](const progress&) { throw std::runtime_error("enough"); });
        check_failure(plain, condition::argument, phase::receive, "", outcome::answered);
        CHECK_THAT(plain.error().message(), containing("on_progress threw: enough"));
        auto coded =
            co_await thrown("/slow/file", [](const progress&) { throw error(failure(errc::too_large)); });
        check_failure(coded, condition::limit, phase::receive, "", outcome::answered);
        auto strange = co_await thrown("/slow/file", [](const progress&) { throw 1; });
        check_failure(strange, condition::argument, phase::receive, "", outcome::answered);
        // The last call comes before the file has its name
        auto last = co_await thrown("/file", [](const progress&) { throw std::runtime_error("enough"); });
        check_failure(last, condition::argument, phase::file, "", outcome::answered);
        // Nor is there another attempt, whatever the rule
        const auto always = retry_policy().backoff(1ms, 1ms).when([](const failure&) { return true; });
        for (const char* path : {"/slow/file", "/file"}) { // the second waits for what the first has left
            auto options = telling([](const progress&) { throw std::runtime_error("enough"); })
                               .resume()
                               .request(http::request_options().retry(always));
            auto once = co_await http.download(server.url(path), dir / "other", options, nothrow);
            CHECK(once.error() == condition::argument);
        }
        CHECK(http.stats().retried == 0);
        co_await http.close();
    });
    CHECK(names_in(dir.path()) == std::vector<std::string>{"other.part", "other.part.info"});
}

TEST_CASE("progress: the callback may destroy the client", "[http][download][progress][close]") {
    nginx server(slow());
    server.serve("slow/file", slow_file);
    server.serve("file", "short");
    const temp_dir dir;
    const std::string path = GENERATE("/slow/file", "/file");
    run_test([&]() -> awaitable<> {
        auto http = std::make_optional<http::client>(co_await this_coro::executor);
        int told = 0;
        auto options = telling([&](const progress&) {
            ++told;
            http.reset();
        });
        auto ended = co_await http->download(server.url(path), dir / "file", options, nothrow);
        REQUIRE(ended.has_error());
        CHECK(ended.error() == condition::closed);
        CHECK(told == 1);
        CHECK_FALSE(http);
        while (!names_in(dir.path()).empty()) // what is left is removed on the pool
            co_await sleep_for(1ms);
    });
}

TEST_CASE("progress: what was resumed counts, but not for the rate", "[http][download][progress][resume]") {
    const std::string tag = "ETag: \"v1\"\r\n", whole = pattern(1000);
    auto server = answers_in_turn(
        {cut_answer("200 OK", tag, whole, 400),
         answer_with("206 Partial", "Content-Range: bytes 400-999/1000\r\n" + tag, whole.substr(400))}
    );
    const temp_dir dir;
    std::vector<progress> told;
    with_client([&](http::client& http) -> awaitable<> {
        auto options = telling([&](const progress& p) { told.push_back(p); }).progress_interval(1h).resume();
        auto cut = co_await http.download(server.url(), dir / "file", options, nothrow);
        CHECK(cut.error() == condition::network);
        CHECK(told.empty());
        co_await http.close();
    });
    with_client([&](http::client& http) -> awaitable<> {
        auto options = telling([&](const progress& p) { told.push_back(p); }).progress_interval(1h).resume();
        co_await http.download(server.url(), dir / "file", options);
    });
    REQUIRE(told.size() == 1);
    CHECK(told[0].bytes() == 1000);
    CHECK(told[0].total() == 1000U);
}
