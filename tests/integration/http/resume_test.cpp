#include "http_client/sha256.hpp"
#include "tests/integration/http/downloads.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/step_cancel.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

const std::string tag = "ETag: \"v1\"\r\n";
const std::string v1 = pattern(1000), v2 = pattern(1000, 2), longer = pattern(1200, 3);
const std::string first_400 = cut_answer("200 OK", tag, v1, 400);
const strings with_part{"file", "file.part", "file.part.info"};

http::download_options resuming() {
    return http::download_options().resume();
}

std::string range(std::size_t first, std::size_t last, const std::string& total) {
    return "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + total +
           "\r\n";
}
std::string rest(std::size_t first, const std::string& lines = tag, const std::string& of = v1) {
    return answer_with(
        "206 Partial", range(first, of.size() - 1, std::to_string(of.size())) + lines, of.substr(first)
    );
}

// The first download is cut off after 400 bytes; what becomes of the second.
class second_download {
public:
    explicit second_download(strings answers, std::string path = "/file", std::string again = "/file")
        : server_(answers_in_turn(std::move(answers))) {
        dir_.write("file", "old");
        with_client([&](http::client& http) -> awaitable<> {
            auto cut = co_await http.download(server_.url(path), dir_ / "file", resuming(), nothrow);
            check_failure(cut, condition::network, phase::receive, "", outcome::answered);
            co_await http.close();
        });
        CHECK(read_file(dir_ / "file") == "old");
        kept = names_in(dir_.path());
        asked_before = server_.requests().size();
        with_client([&](http::client& http) -> awaitable<> {
            answer = co_await http.download(server_.url(again), dir_ / "file", resuming(), nothrow);
            co_await http.close();
        });
        left = names_in(dir_.path());
        content = read_file(dir_ / "file");
        part = read_file(dir_ / "file.part");
        for (const auto& one : server_.requests())
            asked.push_back(one.bytes);
    }

    std::string ranges(std::size_t n) const {
        const auto at = asked.at(n).find("\r\nRange: ");
        return at == std::string::npos ? "" : asked[n].substr(at + 9, asked[n].find('\r', at + 9) - at - 9);
    }

    result<http::response> answer = failure(errc::closed);
    strings kept, left, asked;
    std::size_t asked_before = 0;
    std::string content, part;

private:
    temp_dir dir_;
    tcp_server server_;
};

} // namespace

TEST_CASE("resume: goes on where the server cut it off", "[http][download][resume]") {
    const second_download d({first_400, rest(400)});
    CHECK(d.kept == with_part);
    REQUIRE(d.answer);
    CHECK(d.answer->status() == 206);
    CHECK(d.answer->body_size() == 600);
    CHECK(d.answer->resumed_from() == 400);
    CHECK(d.content == v1);
    CHECK(d.left == strings{"file"});
    REQUIRE(d.asked.size() == 2);
    CHECK(d.ranges(0).empty());
    CHECK(d.ranges(1) == "bytes=400-");
    CHECK_THAT(d.asked[1], containing("If-Range: \"v1\"\r\n"));
    CHECK(d.asked[1].find("Accept-Encoding") == std::string::npos);
}

TEST_CASE(
    "resume: what is not the rest of the same version is not joined", "[http][download][resume][fault]"
) {
    const std::string whole = answer_with("200 OK", "ETag: \"v2\"\r\n", v2);
    const std::string answer = GENERATE_COPY(
        rest(401), rest(399), rest(0), rest(400, "ETag: \"v2\"\r\n", v2), rest(400, "ETag: W/\"v1\"\r\n"),
        rest(400, ""), rest(400, tag, longer), answer_with("206 Partial", tag, v1.substr(400)),
        answer_with("206 Partial", range(400, 999, "*") + tag, v1.substr(400)),
        answer_with("206 Partial", range(400, 999, "1000") + tag, v1.substr(401)),
        answer_with("206 Partial", "Content-Type: multipart/byteranges; boundary=b\r\n" + tag, "--b--"),
        answer_with("416 No", "Content-Range: bytes */400\r\n", ""),
        answer_with("416 No", "Content-Range: bytes */1000\r\n" + tag, "sorry")
    );
    INFO(answer);
    const second_download d({first_400, answer, whole});
    REQUIRE(d.answer);
    CHECK(d.answer->status() == 200);
    CHECK(d.answer->resumed_from() == 0);
    CHECK(d.content == v2);
    CHECK(d.left == strings{"file"});
    REQUIRE(d.asked.size() == 3);
    CHECK(d.ranges(1) == "bytes=400-");
    CHECK(d.ranges(2).empty());
    CHECK(d.asked[2].find("If-Range") == std::string::npos);
}

TEST_CASE(
    "resume: a whole file in answer to a range is taken from its beginning", "[http][download][resume]"
) {
    const second_download d({first_400, answer_with("200 OK", "ETag: \"v2\"\r\n", v2)});
    REQUIRE(d.answer);
    CHECK(d.content == v2);
    CHECK(d.asked.size() == 2);
    CHECK(d.answer->resumed_from() == 0);
}

TEST_CASE("resume: the new version may be cut off, too", "[http][download][resume]") {
    const second_download d({first_400, cut_answer("200 OK", "ETag: \"v2\"\r\n", v2, 300)});
    CHECK_FALSE(d.answer);
    CHECK(d.left == with_part);
    CHECK(d.part == v2.substr(0, 300));
}

TEST_CASE("resume: without a proof of the version nothing is kept", "[http][download][resume]") {
    const std::string lines = GENERATE(
        "", "ETag: W/\"v1\"\r\n", "ETag: v1\r\n", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:40 GMT\r\n"
    );
    INFO(lines);
    const second_download d({cut_answer("200 OK", lines, v1, 400), answer_with("200 OK", lines, v2)});
    CHECK(d.kept == strings{"file"});
    CHECK(d.ranges(1).empty());
    CHECK(d.content == v2);
}

TEST_CASE("resume: by the date of the file", "[http][download][resume]") {
    const std::string date =
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:49:37 GMT\r\n";
    const second_download d({cut_answer("200 OK", date, v1, 400), rest(400, date)});
    REQUIRE(d.answer);
    CHECK_THAT(d.asked[1], containing("If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    CHECK(d.content == v1);
    CHECK(d.answer->resumed_from() == 400);
}

TEST_CASE("resume: all is there, but nobody had said so", "[http][download][resume]") {
    const std::string unended =
        "HTTP/1.1 200 OK\r\n" + tag + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + v1 + "\r\n";
    const second_download d({unended, rest(999)});
    REQUIRE(d.answer);
    CHECK(d.ranges(1) == "bytes=999-");
    CHECK(d.answer->body_size() == 1);
    CHECK(d.content == v1);
}

TEST_CASE("resume: the byte that comes twice is written once", "[http][download][resume]") {
    const std::string large = pattern(200'000), begin = large.substr(0, 0x10000);
    const std::string unended =
        "HTTP/1.1 200 OK\r\n" + tag + "Transfer-Encoding: chunked\r\n\r\n10000\r\n" + begin + "\r\n";
    const second_download d({unended, rest(0xffff, tag, large)});
    REQUIRE(d.answer);
    CHECK(d.ranges(1) == "bytes=65535-");
    CHECK(d.answer->resumed_from() == 0x10000);
    CHECK(d.content == large);
}

TEST_CASE("resume: a part of the rest is a part still", "[http][download][resume][fault]") {
    const std::string some = answer_with("206 Partial", range(400, 599, "1000") + tag, v1.substr(400, 200));
    const second_download d({first_400, some});
    check_failure(d.answer, condition::protocol, phase::receive, "", outcome::answered);
    CHECK_THAT(d.answer.error().message(), containing("600 of 1000"));
    CHECK(d.left == with_part);
    CHECK(d.part == v1.substr(0, 600));
}

TEST_CASE("resume: another status leaves the part", "[http][download][resume][fault]") {
    const second_download d({first_400, answer_with("503 Busy", "", "busy")});
    REQUIRE(d.answer);
    CHECK(d.answer->status() == 503);
    CHECK(d.answer->file().empty());
    CHECK(d.left == with_part);
    CHECK(d.part == v1.substr(0, 400));
    CHECK(d.content == "old");
}

TEST_CASE("resume: another URL begins its own file", "[http][download][resume]") {
    const second_download d({first_400, answer_with("200 OK", tag, v2)}, "/file?a", "/file?b");
    REQUIRE(d.answer);
    CHECK(d.ranges(1).empty());
    CHECK(d.content == v2);
}

TEST_CASE("resume: over redirects, from the same place", "[http][download][resume]") {
    const auto to = [](const std::string& where) {
        return answer_with("302 Found", "Location: " + where + "\r\n", "");
    };
    SECTION("the query may change, as that of a signed URL does") {
        const second_download d({to("/real?signed=1"), first_400, to("/real?signed=2"), rest(400)});
        REQUIRE(d.answer);
        CHECK(d.ranges(3) == "bytes=400-");
        CHECK(d.content == v1);
        CHECK(d.answer->resumed_from() == 400);
    }
    SECTION("another place is another file") {
        const second_download d(
            {to("/real"), first_400, to("/other"), rest(400), to("/other"), answer_with("200 OK", tag, v2)}
        );
        REQUIRE(d.answer);
        CHECK(d.asked.size() == 6);
        CHECK(d.ranges(5).empty());
        CHECK(d.content == v2);
    }
}

TEST_CASE("resume: a retry goes on, too", "[http][download][resume][retry]") {
    auto server = answers_in_turn(
        {first_400, answer_with("503 Busy", "", "busy"),
         cut_answer("206 Partial", range(400, 999, "1000") + tag, v1.substr(400), 100), rest(500)}
    );
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto options =
            resuming().request(http::request_options().retry(retry_policy().attempts(4).backoff(1ms, 2ms)));
        auto answer = co_await http.download(server.url(), dir / "file", options);
        CHECK(answer.file() == (dir / "file").string());
        CHECK(answer.resumed_from() == 0); // all of it is this call's
        CHECK(http.stats().retried == 3);
    });
    CHECK(read_file(dir / "file") == v1);
    CHECK(names_in(dir.path()) == strings{"file"});
    CHECK_THAT(server.requests().at(3).bytes, containing("Range: bytes=500-\r\n"));
}

TEST_CASE(
    "resume: a retry begins no file anew that cannot be gone on with", "[http][download][resume][retry]"
) {
    auto server = answers_in_turn({cut_answer("200 OK", "", v1, 400), answer_with("200 OK", "", v1)});
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto options = resuming().request(http::request_options().retry(retry_policy().backoff(1ms, 2ms)));
        auto answer = co_await http.download(server.url(), dir / "file", options, nothrow);
        CHECK(answer.error() == condition::network);
        CHECK(http.stats().retried == 0);
        co_await http.close();
    });
    CHECK(server.requests().size() == 1);
    CHECK(names_in(dir.path()).empty());
}

TEST_CASE("resume: a limit of size counts what is there already", "[http][download][resume][limit]") {
    auto server = answers_in_turn({first_400, rest(400), rest(400)});
    const temp_dir dir;
    const auto get = [&](std::uint64_t most) {
        result<http::response> answer = failure(errc::closed);
        with_client(http::client_options().max_file(most), [&](http::client& http) -> awaitable<> {
            answer = co_await http.download(server.url(), dir / "file", resuming(), nothrow);
            co_await http.close();
        });
        return answer;
    };
    CHECK(get(1000).error() == condition::network);
    check_failure(get(999), condition::limit, phase::receive, "max_file 999", outcome::answered);
    CHECK(get(1000));
    CHECK(read_file(dir / "file") == v1);
}

TEST_CASE("resume: the rest from another origin", "[http][download][resume]") {
    auto real = answers_in_turn({first_400, rest(400)});
    const std::string there =
        answer_with("307 Elsewhere", "Location: " + real.url("/real") + "\r\n", "moved");
    const second_download d({there, there});
    REQUIRE(d.answer);
    CHECK(d.content == v1);
    CHECK_THAT(real.requests().at(1).bytes, containing("Range: bytes=400-\r\n"));
    CHECK_THAT(real.requests().at(1).bytes, containing("If-Range: \"v1\"\r\n"));
}

TEST_CASE("resume: with nginx only the rest is sent", "[http][download][resume]") {
    // Slow to those who ask for the whole
    nginx server(nginx_options().server(
        "location /cut/ { set $limit_rate 0; if ($http_range = \"\") { set $limit_rate 500k; } }"
    ));
    const std::string bytes = pattern(3'000'000);
    server.serve("cut/file", bytes);
    const temp_dir dir;
    std::uint64_t had = 0;
    with_client([&](http::client& http) -> awaitable<> {
        boost::asio::cancellation_signal stop;
        auto options = resuming().on_progress([&](const http::download_progress& p) {
            CHECK(p.total() == bytes.size());
            had = p.bytes();
            stop.emit(boost::asio::cancellation_type::all);
        });
        error_code code;
        channel<int> done(http.get_executor(), 1);
        http.download(
            server.url("/cut/file"), dir / "file", options,
            boost::asio::bind_cancellation_slot(
                stop.slot(),
                [&](error_code c, const http::response&) {
                    code = c;
                    CHECK(done.try_send(1));
                }
            )
        );
        co_await done.receive();
        CHECK(code == condition::cancelled);
        co_await http.close();
    });
    const std::string part = read_file(dir / "file.part");
    CHECK(had > 0);
    CHECK(part.size() >= had);
    CHECK(part.size() < bytes.size());
    CHECK(bytes.starts_with(part));
    with_client([&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download(server.url("/cut/file"), dir / "file", resuming());
        CHECK(answer.status() == 206);
        CHECK(answer.resumed_from() == part.size());
        CHECK(answer.body_size() == bytes.size() - part.size());
    });
    CHECK(read_file(dir / "file") == bytes);
    CHECK(names_in(dir.path()) == strings{"file"});
}

TEST_CASE("resume: two at once do not meet in one part", "[http][download][resume]") {
    tcp_server server(script().expect_request().send(first_400).hang());
    const temp_dir dir;
    const std::string path = dir / "file";
    with_client([&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto first = tasks.spawn(http.download(server.url(), path, resuming(), nothrow));
            while (server.requests().empty())
                co_await sleep_for(1ms);
            auto second = co_await http.download(server.url(), path, resuming(), nothrow);
            check_failure(second, condition::file, phase::file, "", outcome::not_sent);
            CHECK_THAT(second.error().message(), containing("another download is writing"));
            first.cancel();
            auto cancelled = co_await first.get();
            CHECK(cancelled.error() == condition::cancelled);
        });
        co_await http.close();
    });
    CHECK(server.requests().size() == 1);
}

TEST_CASE("resume: the next call right after a cancel has the part", "[http][download][resume][cancel]") {
    tcp_server server([](std::size_t n) {
        return n == 0 ? script().expect_request().send(first_400).hang()
                      : script().expect_request().send(rest(400));
    });
    const temp_dir dir;
    const std::string path = dir / "file";
    with_client([&](http::client& http) -> awaitable<> {
        std::uint64_t had = 0;
        auto options = resuming().progress_interval(1ms).on_progress([&](const http::download_progress& p) {
            had = p.bytes();
        });
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto first = tasks.spawn(http.download(server.url(), path, options, nothrow));
            while (had < 400)
                co_await sleep_for(1ms);
            first.cancel();
            auto second = co_await http.download(server.url(), path, resuming());
            CHECK(second.resumed_from() == 400);
            auto cancelled = co_await first.get();
            CHECK(cancelled.error() == condition::cancelled);
        });
    });
    CHECK(read_file(path) == v1);
}

TEST_CASE("resume: what cannot be resumed is refused before anything is sent", "[http][download][resume]") {
    auto server = answers_in_turn({});
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto with = [&](http::request_options o) {
            return http.download(server.url(), dir / "file", resuming().request(std::move(o)), nothrow);
        };
        auto ranged = co_await with(http::request_options().header("range", "bytes=1-"));
        check_failure(ranged, condition::argument, phase::none, "", outcome::not_sent);
        auto compressed = co_await with(http::request_options().compressed(true));
        check_failure(compressed, condition::argument, phase::none, "", outcome::not_sent);
    });
    CHECK(server.requests().empty());
}

TEST_CASE(
    "resume: checked, watched and named, and cancelled after the k-th handler",
    "[http][download][resume][cancel]"
) {
    nginx server;
    const std::string bytes = pattern(1'500'000);
    server.serve("file", bytes);
    const temp_dir dir;
    const auto options = resuming()
                             .sha256(http::sha256::of(bytes))
                             .progress_interval(1ms)
                             .on_progress([](const http::download_progress&) {});
    step_cancel(
        [&](boost::asio::io_context& loop) {
            auto client = std::make_shared<http::client>(loop.get_executor());
            return [client, url = server.url("/file"), path = dir.path().string(), options](auto token) {
                client->download_into(url, path, options, std::move(token));
            };
        },
        step_cancel_options().heap_growth(4 << 20).also_allowed(condition::file)
    );
    for (const auto& name : names_in(dir.path()))
        if (name.starts_with("file") && name.find(".part") == name.npos)
            CHECK(read_file(dir / name) == bytes);
    CHECK(read_file(dir / "file") == bytes);
}

TEST_CASE("resume: cancelled after the k-th handler, again and again", "[http][download][resume][cancel]") {
    nginx server;
    const std::string bytes = pattern(2'000'000);
    server.serve("file", bytes);
    const temp_dir dir;
    const std::string path = dir / "file";
    step_cancel(
        [&](boost::asio::io_context& loop) {
            auto client = std::make_shared<http::client>(loop.get_executor());
            return [client, url = server.url("/file"), path](auto token) {
                client->download(url, path, resuming(), std::move(token));
            };
        },
        step_cancel_options().heap_growth(4 << 20).also_allowed(condition::file) // the one before may linger
    );
    CHECK(read_file(path) == bytes);
}
