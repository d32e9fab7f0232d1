#include "http_client/sha256.hpp"
#include "tests/integration/http/downloads.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using strings = std::vector<std::string>;

namespace {

const std::string tag = "ETag: \"v1\"\r\n";
const std::string v1 = pattern(1000);
const std::string sum = http::sha256::of(v1);

http::download_options options() {
    return {};
}

// No file of this process becomes larger, for a while.
class small_files {
public:
    explicit small_files(rlim_t bytes) : action_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit now = before_;
        now.rlim_cur = bytes;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
    }
    ~small_files() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, action_);
    }

private:
    rlimit before_{};
    void (*action_)(int);
};

} // namespace

TEST_CASE("download: with the right checksum", "[http][download][check]") {
    std::string upper = sum;
    for (char& c : upper)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (const auto& hex : {sum, upper}) {
        const one_download d({answer_with("200 OK", "", v1)}, options().sha256(hex));
        REQUIRE(d.answer);
        CHECK(d.content == v1);
        CHECK(d.answer->file() == (d.dir / "file").string());
    }
    const one_download empty({answer_with("200 OK", "", "")}, options().sha256(http::sha256::of("")));
    CHECK(empty.answer);
}

TEST_CASE("download: with another checksum there is no file", "[http][download][check][fault]") {
    for (const bool resume : {false, true}) {
        const one_download d(
            {answer_with("200 OK", tag, pattern(1000, 2))}, options().sha256(sum).resume(resume)
        );
        check_failure(d.answer, condition::protocol, phase::file, "", outcome::answered);
        CHECK_THAT(d.answer.error().message(), containing(sum));
        CHECK_THAT(d.answer.error().message(), containing(http::sha256::of(pattern(1000, 2))));
        CHECK(d.left.empty());
    }
}

TEST_CASE("download: what is no checksum is refused before anything is sent", "[http][download][check]") {
    for (const auto& bad : {std::string("abc"), sum + "0", sum.substr(1) + "x", " " + sum.substr(1)}) {
        const one_download d({}, options().sha256(bad));
        check_failure(d.answer, condition::argument, phase::none, "", outcome::not_sent);
        CHECK(d.asked == 0);
        CHECK(d.left.empty());
    }
}

TEST_CASE(
    "download: the checksum is of the whole, what was resumed included", "[http][download][check][resume]"
) {
    const std::size_t size = 3'000'000, have = 2'500'000; // more than one step of reading
    const std::string whole = pattern(size);
    const bool right = GENERATE(true, false);
    const std::string rest = answer_with(
        "206 Partial",
        "Content-Range: bytes " + std::to_string(have) + "-" + std::to_string(size - 1) + "/" +
            std::to_string(size) + "\r\n" + tag,
        right ? whole.substr(have) : std::string(size - have, 'x')
    );
    auto server = answers_in_turn({cut_answer("200 OK", tag, whole, have), rest});
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto how = options().resume().sha256(http::sha256::of(whole));
        auto cut = co_await http.download(server.url(), dir / "file", how, nothrow);
        CHECK(cut.error() == condition::network);
        co_await http.close();
    });
    CHECK(fs::file_size(dir / "file.part") == have);
    with_client([&](http::client& http) -> awaitable<> {
        auto how = options().resume().sha256(http::sha256::of(whole));
        auto end = co_await http.download(server.url(), dir / "file", how, nothrow);
        CHECK(end.has_value() == right);
        if (!right)
            CHECK(end.error() == condition::protocol);
        co_await http.close();
    });
    CHECK(names_in(dir.path()) == (right ? strings{"file"} : strings{}));
    CHECK(server.requests().size() == 2);
}

TEST_CASE("download: the checksum begins anew with the file", "[http][download][check][resume]") {
    // So much that it is on the disk, and in the checksum, when the other version comes
    const std::string first = cut_answer("200 OK", tag, pattern(1'000'000, 2), 900'000);
    const std::string second = answer_with("200 OK", "ETag: \"v2\"\r\n", v1);
    const bool two_calls = GENERATE(false, true);
    auto server = two_calls ? answers_in_turn({first, first, second}) : answers_in_turn({first, second});
    const temp_dir dir;
    if (two_calls)
        with_client([&](http::client& http) -> awaitable<> {
            auto how = options().resume().sha256(sum);
            auto cut = co_await http.download(server.url(), dir / "file", how, nothrow);
            CHECK(cut.error() == condition::network);
            co_await http.close();
        });
    with_client([&](http::client& http) -> awaitable<> {
        auto again = http::request_options().retry(retry_policy().backoff(1ms, 1ms));
        auto how = options().resume().sha256(sum).request(again);
        auto answer = co_await http.download(server.url(), dir / "file", how);
        CHECK(answer.status() == 200);
    });
    CHECK(read_file(dir / "file") == v1);
}

TEST_CASE("download: the size that was expected", "[http][download][check]") {
    const std::string chunked =
        "HTTP/1.1 200 OK\r\n" + tag + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + v1 + "\r\n0\r\n\r\n";
    const std::string told = answer_with("200 OK", tag, v1);
    for (const auto& answer : {chunked, told})
        for (const bool resume : {false, true}) {
            const one_download right({answer}, options().expected_size(1000).resume(resume));
            REQUIRE(right.answer);
            CHECK(right.content == v1);
            for (const std::uint64_t wrong : {0U, 999U, 1001U}) {
                const one_download d({answer}, options().expected_size(wrong).resume(resume));
                check_failure(d.answer, condition::protocol, phase::receive, "", outcome::answered);
                CHECK_THAT(d.answer.error().message(), containing(std::to_string(wrong)));
                CHECK(d.left.empty());
            }
        }
}

TEST_CASE("download: a Content-Length that lies", "[http][download][check][fault]") {
    SECTION("too much was promised") {
        const one_download d({cut_answer("200 OK", "", v1, 999)}, options());
        check_failure(d.answer, condition::network, phase::receive, "", outcome::answered);
        CHECK(d.left.empty());
    }
    SECTION("what comes beyond it is no part of the answer") {
        const one_download d({answer_with("200 OK", "", v1) + "more"}, options());
        REQUIRE(d.answer);
        CHECK(d.content == v1);
    }
    SECTION("chunks overrule it") {
        const one_download d(
            {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + v1 +
             "\r\n0\r\n\r\n"},
            options()
        );
        REQUIRE(d.answer);
        CHECK(d.content == v1);
    }
    SECTION("chunks without an end") {
        const one_download d(
            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + v1 + "\r\n"}, options()
        );
        CHECK(d.answer.error() == condition::network);
        CHECK(d.left.empty());
    }
}

TEST_CASE("download: a part that nobody asked for is no file", "[http][download][check][fault]") {
    const std::string part = answer_with("206 Partial", "Content-Range: bytes 0-999/2000\r\n", v1);
    const one_download d({part}, options());
    check_failure(d.answer, condition::protocol, phase::receive, "", outcome::answered);
    CHECK(d.left.empty());
    const one_download asked({part}, http::request_options().header("Range", "bytes=0-999"));
    REQUIRE(asked.answer);
    CHECK(asked.content == v1);
}

TEST_CASE("download: the disk is full", "[http][download][fault]") {
    const std::string whole = pattern(2'000'000);
    const bool resume = GENERATE(false, true);
    auto server = answers_in_turn(
        {answer_with("200 OK", tag, whole),
         answer_with(
             "206 Partial", "Content-Range: bytes 1000000-1999999/2000000\r\n" + tag, whole.substr(1'000'000)
         )}
    );
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        const small_files limit(1'000'000);
        auto full = co_await http.download(server.url(), dir / "file", options().resume(resume), nothrow);
        REQUIRE(full.has_error());
        CHECK(full.error() == condition::file);
        CHECK(full.error().phase() == phase::file);
        CHECK(full.error().code() == boost::system::errc::file_too_large);
        co_await http.close();
    });
    if (!resume)
        CHECK(names_in(dir.path()).empty());
    if (!resume)
        return;
    CHECK(names_in(dir.path()) == strings{"file.part", "file.part.info"});
    with_client([&](http::client& http) -> awaitable<> { // there is room again
        auto answer = co_await http.download(server.url(), dir / "file", options().resume());
        CHECK(answer.resumed_from() == 1'000'000);
    });
    CHECK(read_file(dir / "file") == whole);
}

TEST_CASE(
    "download: a failure of the disk is not tried again, whatever the rule", "[http][download][fault][retry]"
) {
    auto server = answers_in_turn({});
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto always = retry_policy().backoff(1ms, 1ms).when([](const failure&) { return true; });
        auto how = options().request(http::request_options().retry(always));
        auto none = co_await http.download(server.url(), dir / "none/file", how, nothrow);
        CHECK(none.error() == condition::file);
        CHECK(http.stats().retried == 0);
    });
}

TEST_CASE("download: to where nobody may write", "[http][download][fault]") {
    auto server = answers_in_turn({});
    const temp_dir dir;
    std::string place = dir / "shut";
    fs::create_directory(place);
    fs::permissions(place, fs::perms::owner_read | fs::perms::owner_exec);
    if (::geteuid() == 0)
        place = "/sys"; // where not even root may make a file
    with_client([&](http::client& http) -> awaitable<> {
        for (const bool resume : {false, true}) {
            auto shut =
                co_await http.download(server.url(), place + "/file", options().resume(resume), nothrow);
            check_failure(shut, condition::file, phase::file, "", outcome::not_sent);
        }
    });
    CHECK(server.requests().empty());
}

TEST_CASE("download: links are not followed", "[http][download][fault]") {
    const std::string whole = answer_with("200 OK", tag, v1);
    auto server = answers_in_turn({whole, whole, whole});
    const temp_dir dir;
    dir.write("precious", "precious");
    const auto get = [&](http::download_options how) {
        result<http::response> answer = failure(errc::closed);
        with_client([&](http::client& http) -> awaitable<> {
            answer = co_await http.download(server.url(), dir / "file", how, nothrow);
        });
        CHECK(read_file(dir / "precious") == "precious");
        return answer;
    };
    SECTION("at the name itself: replaced") {
        for (const bool resume : {false, true}) {
            fs::remove(dir / "file");
            fs::create_symlink(dir / "precious", dir / "file");
            CHECK(get(options().resume(resume)));
            CHECK_FALSE(fs::is_symlink(dir / "file"));
            CHECK(read_file(dir / "file") == v1);
        }
        fs::remove(dir / "file");
        fs::create_symlink(dir.path(), dir / "file"); // to a directory
        CHECK(get(options()));
    }
    SECTION("at the name of the part, or of its record: refused") {
        for (const char* name : {"file.part", "file.part.info"}) {
            fs::create_symlink(dir / "precious", dir / name);
            auto refused = get(options().resume());
            check_failure(refused, condition::file, phase::file, "", outcome::not_sent);
            CHECK(fs::is_symlink(dir / name));
            CHECK(names_in(dir.path()).size() == 2);
            fs::remove(dir / name);
            fs::create_hard_link(dir / "precious", dir / name);
            CHECK(get(options().resume()).error() == condition::file);
            fs::remove(dir / name);
        }
        CHECK(server.requests().empty());
    }
    SECTION("nor is anything made where a link leads") {
        for (const char* name : {"file.part", "file.part.info"}) {
            fs::create_symlink(dir / "new", dir / name);
            CHECK(get(options().resume()).error() == condition::file);
            CHECK_FALSE(fs::exists(dir / "new"));
            fs::remove(dir / name);
        }
        CHECK(server.requests().empty());
    }
    SECTION("a file of that name that is none of ours: left alone") {
        dir.write("file.part", "mine");
        auto refused = get(options().resume());
        check_failure(refused, condition::file, phase::file, "", outcome::not_sent);
        CHECK_THAT(refused.error().message(), containing("file.part"));
        CHECK(read_file(dir / "file.part") == "mine");
        CHECK(names_in(dir.path()) == strings{"file.part", "precious"});
    }
}

TEST_CASE("download: not forced to the disk, when that is not asked for", "[http][download]") {
    const one_download d({answer_with("200 OK", "", v1)}, options().sync(false));
    REQUIRE(d.answer);
    CHECK(d.content == v1);
    CHECK(d.left == strings{"file"});
}

TEST_CASE("download: a name as long as names may be, resumed", "[http][download][resume]") {
    const std::string name(255, 'n');
    auto server = answers_in_turn(
        {cut_answer("200 OK", tag, v1, 400),
         answer_with("206 Partial", "Content-Range: bytes 400-999/1000\r\n" + tag, v1.substr(400))}
    );
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto cut = co_await http.download(server.url(), dir / name, options().resume(), nothrow);
        CHECK(cut.error() == condition::network);
        co_await http.close();
    });
    with_client([&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download(server.url(), dir / name, options().resume());
        CHECK(answer.status() == 206);
    });
    CHECK(names_in(dir.path()) == strings{name});
    CHECK(read_file(dir / name) == v1);
}
