#include "tests/integration/http/downloads.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/step_cancel.hpp"

#include <filesystem>
#include <iterator>
#include <latch>
#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::size_t files_in(const fs::path& directory) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), {}));
}

// Waits until a cancelled download has removed its part.
void wait_until_empty(const fs::path& directory) {
    run_test([&]() -> awaitable<> {
        while (files_in(directory) != 0)
            co_await sleep_for(1ms);
    });
}

} // namespace

TEST_CASE("download: the file is what the server has", "[http][download]") {
    nginx server;
    const temp_dir dir;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{100'000}, std::size_t{20'000'000}}) {
        const std::string bytes = pattern(size);
        server.serve("file", bytes);
        with_client([&](http::client& http) -> awaitable<> {
            auto answer = co_await http.download(server.url("/file"), dir / "file");
            CHECK(answer.status() == 200);
            CHECK(answer.body_size() == size);
            CHECK(answer.body().empty());
        });
        CHECK(read_file(dir / "file") == bytes);
        CHECK(files_in(dir.path()) == 1);
    }
    CHECK(
        (fs::status(dir / "file").permissions() & fs::perms::owner_all) ==
        (fs::perms::owner_read | fs::perms::owner_write)
    );
}

TEST_CASE("download: an old file stays until the new one is whole", "[http][download]") {
    tcp_server server(script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    const temp_dir dir;
    dir.write("file", "old");
    with_client([&](http::client& http) -> awaitable<> {
        auto r = co_await http.download(server.url(), dir / "file", nothrow);
        check_failure(r, condition::network, phase::receive, "", outcome::answered);
        co_await http.close(); // waits for the part to be removed, too
        CHECK(files_in(dir.path()) == 1);
    });
    CHECK(read_file(dir / "file") == "old");
}

TEST_CASE("download: close waits until the part of a cancelled one is removed", "[http][download][close]") {
    tcp_server server(script().expect_request().hang());
    const temp_dir dir;
    run_test([&]() -> awaitable<> {
        http::client http(co_await this_coro::executor);
        std::latch gate(1); // shut, it keeps every thread of the pool from removing anything
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto request = tasks.spawn(http.download(server.url(), dir / "file", nothrow));
            while (server.requests().empty())
                co_await sleep_for(1ms);
            const std::size_t threads = default_pool().stats().threads;
            for (std::size_t i = 0; i < threads; ++i)
                tasks.spawn(run_blocking([&gate] { gate.wait(); }));
            while (default_pool().stats().running < threads)
                co_await sleep_for(1ms);
            request.cancel();
            auto answer = co_await request.get();
            const auto why = co_await caught(timeout(20ms, http.close()));
            const std::size_t left = files_in(dir.path());
            gate.count_down();
            CHECK(answer.error() == condition::cancelled);
            REQUIRE(why);
            CHECK(failure_of(why) == condition::timeout);
            CHECK(left == 1);
            co_await http.close();
            CHECK(files_in(dir.path()) == 0);
        });
    });
}

TEST_CASE("download: the body of a 404 is no file", "[http][download]") {
    nginx server;
    const temp_dir dir;
    dir.write("file", "old");
    with_client([&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download(server.url("/status/404"), dir / "file");
        CHECK(answer.status() == 404);
    });
    CHECK(read_file(dir / "file") == "old");
    CHECK(files_in(dir.path()) == 1);
}

TEST_CASE(
    "download: a path that cannot be written fails before anything is sent", "[http][download][fault]"
) {
    tcp_server server(http_answers("never asked for"));
    const temp_dir dir;
    fs::create_directory(dir / "directory");
    with_client([&](http::client& http) -> awaitable<> {
        auto nowhere = co_await http.download(server.url(), dir / "none/file", nothrow);
        check_failure(nowhere, condition::file, phase::file, "", outcome::not_sent);
        CHECK_THAT(nowhere.error().message(), containing("none/file"));
        auto nameless = co_await http.download(server.url(), "", nothrow);
        check_failure(nameless, condition::argument, phase::none, "", outcome::not_sent);
        const std::string two_names = (dir / "a").string() + std::string("\0b", 2);
        auto cut = co_await http.download(server.url(), two_names, nothrow);
        check_failure(cut, condition::argument, phase::none, "", outcome::not_sent);
        auto directory = co_await http.download(server.url(), dir / "directory", nothrow);
        check_failure(directory, condition::file, phase::file, "", outcome::not_sent);
    });
    CHECK(server.requests().empty());
    CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("download: a name as long as names may be", "[http][download]") {
    tcp_server server(http_answers("short"));
    const temp_dir dir;
    const std::string path = dir / std::string(255, 'n');
    with_client([&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download(server.url(), path);
        CHECK(answer.ok());
    });
    CHECK(read_file(path) == "short");
}

TEST_CASE("download: a file has a limit", "[http][download][limit]") {
    tcp_server server(http_answers(std::string(10'000, 'b')));
    const temp_dir dir;
    with_client(http::client_options().max_file(5'000), [&](http::client& http) -> awaitable<> {
        auto r = co_await http.download(server.url(), dir / "file", nothrow);
        check_failure(r, condition::limit, phase::receive, "max_file", outcome::answered);
        // One of the request's own is told by its own name
        const auto own = http::download_options().request(http::request_options().max_body(4'000));
        auto less = co_await http.download(server.url(), dir / "file", own, nothrow);
        check_failure(less, condition::limit, phase::receive, "max_body", outcome::answered);
    });
    wait_until_empty(dir.path());
}

TEST_CASE("download: many to one path leave one whole file", "[http][download]") {
    nginx server;
    const temp_dir dir;
    const std::string bytes = pattern(1'000'000);
    server.serve("file", bytes);
    with_client([&](http::client& http) -> awaitable<> {
        const std::string path = dir / "file";
        auto start = [&](int) { return http.download(server.url("/file"), path); };
        co_await gather(std::views::iota(0, 8) | std::views::transform(start));
    });
    CHECK(read_file(dir / "file") == bytes);
    CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("download: cancelled after the k-th handler", "[http][download][cancel]") {
    nginx server;
    server.serve("file", pattern(2'000'000));
    const temp_dir dir;
    const std::string path = dir / "file";
    step_cancel(
        [&](boost::asio::io_context& loop) {
            auto client = std::make_shared<http::client>(loop.get_executor());
            return [client, url = server.url("/file"), path](auto token) {
                client->download(url, path, std::move(token));
            };
        },
        step_cancel_options().heap_growth(4 << 20)
    );
    CHECK(read_file(path).size() == 2'000'000);
    fs::remove(path);
    wait_until_empty(dir.path());
}
