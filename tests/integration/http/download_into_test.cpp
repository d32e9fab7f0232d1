#include "http_client/part_record.hpp"
#include "http_client/sha256.hpp"
#include "tests/integration/http/downloads.hpp"
#include "tests/support/nginx.hpp"

#include <array>
#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
namespace fs = std::filesystem;
using strings = std::vector<std::string>;

namespace {

const std::string tag = "ETag: \"v1\"\r\n";

std::string hello(const std::string& lines = "") {
    return answer_with("200 OK", lines, "hello");
}

} // namespace

TEST_CASE("download into: named after the URL", "[http][download][into]") {
    nginx server;
    server.serve("dir/a b.txt", "text");
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download_into(server.url("/dir/a%20b.txt?x=/y"), dir.path());
        CHECK(answer.file() == (dir / "a b.txt").string());
        auto slashed = co_await http.download_into(server.url("/dir/a%20b.txt"), dir.path().string() + "/");
        CHECK(slashed.file() == (dir / "a b-1.txt").string());
    });
    CHECK(read_file(dir / "a b.txt") == "text");
    CHECK(names_in(dir.path()) == strings{"a b-1.txt", "a b.txt"});
}

TEST_CASE("download into: no name leads out of the directory", "[http][download][into][fault]") {
    auto server = answers_in_turn(strings(6, hello()));
    const temp_dir dir;
    fs::create_directory(dir / "in");
    with_client([&](http::client& http) -> awaitable<> {
        for (const char* path :
             {"/..%2fevil", "/%2e%2e", "/a%2f..%2f..%2fevil", "/.hidden", "/-rf", "/%00"}) {
            auto answer = co_await http.download_into(server.url(path), dir / "in");
            CHECK(fs::path(answer.file()).parent_path() == dir / "in");
            CHECK(read_file(answer.file()) == "hello");
        }
    });
    CHECK(names_in(dir.path()) == strings{"in"});
    CHECK(names_in(dir / "in") == strings{"_", "_evil", "a_.._.._evil", "download", "hidden", "rf"});
}

TEST_CASE("download into: no file is overwritten, no link followed", "[http][download][into]") {
    auto server = answers_in_turn(strings(3, hello()));
    const temp_dir dir, elsewhere;
    dir.write("a.tar.gz", "mine");
    fs::create_symlink(elsewhere / "planted", dir / "a-1.tar.gz"); // leads to what is not there yet
    fs::create_directory(dir / "a-2.tar.gz");
    with_client([&](http::client& http) -> awaitable<> {
        for (const char* name : {"a-3.tar.gz", "a-4.tar.gz"}) {
            auto answer = co_await http.download_into(server.url("/a.tar.gz"), dir.path());
            CHECK(answer.file() == (dir / name).string());
        }
        auto resumable = co_await http.download_into(
            server.url("/a.tar.gz"), dir.path(), http::download_options().resume()
        );
        CHECK(resumable.file() == (dir / "a-5.tar.gz").string());
    });
    CHECK(read_file(dir / "a.tar.gz") == "mine");
    CHECK(fs::is_symlink(dir / "a-1.tar.gz"));
    CHECK(names_in(elsewhere.path()).empty());
    CHECK(read_file(dir / "a-5.tar.gz") == "hello");
}

TEST_CASE("download into: many of one name at once all have a file", "[http][download][into]") {
    nginx server;
    server.serve("f", "text");
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto start = [&](int) { return http.download_into(server.url("/f"), dir.path()); };
        co_await gather(std::views::iota(0, 8) | std::views::transform(start));
    });
    CHECK(names_in(dir.path()) == strings{"f", "f-1", "f-2", "f-3", "f-4", "f-5", "f-6", "f-7"});
}

TEST_CASE("download into: the server names it only where that is allowed", "[http][download][into]") {
    const std::string names = "Content-Disposition: attachment; filename=\"../../.profile\"\r\n";
    auto server = answers_in_turn(
        {hello(names), hello(names), hello(),
         "HTTP/1.1 302 Found\r\nLocation: /.bashrc\r\nContent-Length: 0\r\n\r\n", hello()}
    );
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        const auto by_server = http::download_options().server_name();
        auto ours = co_await http.download_into(server.url("/a"), dir.path());
        CHECK(ours.file() == (dir / "a").string());
        auto theirs = co_await http.download_into(server.url("/b"), dir.path(), by_server);
        CHECK(theirs.file() == (dir / "profile").string());
        auto nameless = co_await http.download_into(server.url("/c"), dir.path(), by_server);
        CHECK(nameless.file() == (dir / "c").string());
        auto redirected = co_await http.download_into(server.url("/d"), dir.path());
        CHECK(redirected.file() == (dir / "d").string());
    });
    CHECK(names_in(dir.path()) == strings{"a", "c", "d", "profile"});
}

TEST_CASE("download into: resumed by the next call", "[http][download][into][resume]") {
    const std::string whole = pattern(1000), other = pattern(1000, 2);
    auto server = answers_in_turn(
        {cut_answer("200 OK", tag, whole, 400), cut_answer("200 OK", tag, other, 300),
         answer_with("206 Partial", "Content-Range: bytes 400-999/1000\r\n" + tag, whole.substr(400)),
         answer_with("206 Partial", "Content-Range: bytes 300-999/1000\r\n" + tag, other.substr(300))}
    );
    const temp_dir dir;
    for (const bool cut : {true, false})
        for (const char* path : {"/1/file", "/2/file"}) // each has a part of its own
            with_client([&](http::client& http) -> awaitable<> {
                auto options = http::download_options().resume();
                auto answer = co_await http.download_into(server.url(path), dir.path(), options, nothrow);
                CHECK(answer.has_error() == cut);
                co_await http.close();
            });
    CHECK(names_in(dir.path()) == strings{"file", "file-1"});
    CHECK(read_file(dir / "file") == whole);
    CHECK(read_file(dir / "file-1") == other);
}

// Whoever knows a URL knows what its part is called, and what its record says.
TEST_CASE(
    "download into: no server plants the part of another's file", "[http][download][into][resume][fault]"
) {
    nginx good;
    const std::string honest = pattern(1000), evil(999, 'X');
    good.serve("tool.bin", honest);
    const std::string url = good.url("/tool.bin");
    http::part_record record;
    record.url = record.from = http::sha256::of(url);
    record.version.total = honest.size();
    record.synced = evil.size();
    with_client([&](http::client& http) -> awaitable<> {
        auto head = co_await http.head(url);
        record.version.etag = head.headers().get("ETag").value_or("");
    });
    REQUIRE(record.version.provable());
    const std::string part = "tool.bin." + record.url.substr(0, 8) + ".part";

    const auto get = [&](const std::string& from, const fs::path& into, bool by_server) {
        with_client([&](http::client& http) -> awaitable<> {
            auto how = http::download_options().resume().server_name(by_server);
            auto answer = co_await http.download_into(from, into, how);
            CHECK(answer.ok());
        });
    };
    SECTION("if it is there, it is believed: the names are all that keeps it away") {
        const temp_dir dir;
        dir.write(part, evil);
        dir.write(part + ".info", record.text());
        get(url, dir.path(), false);
        CHECK(read_file(dir / "tool.bin") == evil + honest.back());
    }
    const std::string as_url = "/" + part, encoded = "/tool%2ebin" + part.substr(8, 9) + "%2epart";
    const std::string field = "Content-Disposition: attachment; filename";
    for (const auto& [what, path, info, line, info_line] : std::vector<std::array<std::string, 5>>{
             {"by the URL", as_url, as_url + ".info", "", ""},
             {"by the URL, encoded", encoded, encoded + "%2einfo", "", ""},
             {"by a field", "/a", "/b", field + "=\"" + part + "\"\r\n",
              field + "=\"" + part + ".info\"\r\n"},
             {"by a field, encoded", "/a", "/b", field + "*=UTF-8''" + part + "\r\n",
              field + "*=UTF-8''" + part + "%2Einfo\r\n"},
             {"by a field, in another place", "/a", "/b", field + "=\"..\\\\" + part + ". \"\r\n",
              field + "=\"x/" + part + ".info.\"\r\n"}})
        DYNAMIC_SECTION(what) {
            const temp_dir dir;
            auto bad = answers_in_turn(
                {answer_with("200 OK", line, evil), answer_with("200 OK", info_line, record.text())}
            );
            get(bad.url(path), dir.path(), true);
            get(bad.url(info), dir.path(), true);
            CHECK_FALSE(fs::exists(dir / part));
            CHECK_FALSE(fs::exists(dir / (part + ".info")));
            get(url, dir.path(), true);
            CHECK(read_file(dir / "tool.bin") == honest);
            CHECK(names_in(dir.path()).size() == 3);
        }
}

TEST_CASE("download into: what is no directory", "[http][download][into][fault]") {
    auto server = answers_in_turn({});
    const temp_dir dir;
    dir.write("file", "mine");
    with_client([&](http::client& http) -> awaitable<> {
        for (const auto& place : {(dir / "file").string(), (dir / "none").string()}) {
            auto refused = co_await http.download_into(server.url("/x"), place, nothrow);
            check_failure(refused, condition::file, phase::file, "", outcome::not_sent);
        }
        auto empty = co_await http.download_into(server.url("/x"), "", nothrow);
        check_failure(empty, condition::argument, phase::none, "", outcome::not_sent);
    });
    CHECK(server.requests().empty());
    CHECK(read_file(dir / "file") == "mine");
}
