// A disk without room: a small one in memory, mounted where only a child of the test sees it.

#include "tests/integration/http/downloads.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/process.hpp"

#include <csignal>
#include <fstream>
#include <memory>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using strings = std::vector<std::string>;

namespace {

const std::string tag = "ETag: \"v1\"\r\n";

class small_disk {
public:
    // Nothing where this machine does not let us mount.
    static std::unique_ptr<small_disk> make(const std::string& options) {
        for (const char* how : {"-rm", "-m"}) {
            std::unique_ptr<small_disk> disk(new small_disk(how, options));
            if (disk->child_.read_line() == "ready") {
                disk->path_ =
                    "/proc/" + std::to_string(disk->child_.pid()) + "/root" + disk->at_.path().string();
                std::error_code shut;
                if (!fs::is_empty(disk->path_, shut) || shut)
                    continue;
                return disk;
            }
        }
        WARN("skipped: no file system can be mounted here");
        return nullptr;
    }

    fs::path operator/(const std::string& name) const { return path_ / name; }
    const fs::path& path() const { return path_; }

    // Takes so many bytes of it, or all; until it is removed.
    void fill(std::size_t bytes = std::size_t{1} << 30) const {
        std::ofstream(path_ / "ballast")
            .write(std::string(bytes, 'b').data(), static_cast<std::streamsize>(bytes));
    }

private:
    small_disk(const char* how, const std::string& options)
        : child_(
              {"/usr/bin/unshare", how, "/bin/sh", "-c",
               "mount -t tmpfs -o \"$1\" none \"$2\" && echo ready && exec cat", "sh", options,
               at_.path().string()},
              process_options().with_errors().when_we_die(SIGKILL)
          ) {}

    temp_dir at_;
    process child_;
    fs::path path_;
};

http::download_options options(bool resume = false) {
    return http::download_options().resume(resume);
}

template <class T>
void check_full(const result<T>& r, outcome how) {
    check_failure(r, condition::file, phase::file, "", how);
    CHECK(r.error().code() == boost::system::errc::no_space_on_device);
    CHECK_THAT(r.error().message(), containing("No space left"));
}

} // namespace

TEST_CASE("download: no room on the disk", "[http][download][fault]") {
    const auto disk = small_disk::make("size=64k");
    if (!disk)
        return;
    const std::string large = pattern(2'000'000);
    auto server = answers_in_turn(
        {answer_with("200 OK", tag, large), answer_with("200 OK", tag, large),
         answer_with("200 OK", "", "room"), answer_with("200 OK", tag, large),
         answer_with("200 OK", "", "more")}
    );
    std::ofstream(*disk / "file") << "old";
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        auto full = co_await http.download(server.url(), *disk / "file", options(), nothrow);
        check_full(full, outcome::answered);
        CHECK_THAT(full.error().message(), containing((*disk / "file").string()));
        auto into = co_await http.download_into(server.url("/new"), disk->path(), options(), nothrow);
        check_full(into, outcome::answered);
        while (names_in(disk->path()) != strings{"file"}) // the parts are removed on a thread
            co_await sleep_for(1ms);
        CHECK(read_file(*disk / "file") == "old");
        auto next = co_await http.download(server.url(), *disk / "next"); // and it goes on
        CHECK(next.ok());
        auto in_memory = co_await http.get(server.url());
        CHECK(in_memory.body() == large);
        co_await http.download(server.url(), *disk / "file");
    });
    CHECK(read_file(*disk / "next") == "room");
    CHECK(read_file(*disk / "file") == "more");
    CHECK(names_in(disk->path()) == strings{"file", "next"});
}

TEST_CASE(
    "download: no room on the disk, and gone on with when there is", "[http][download][resume][fault]"
) {
    const auto disk = small_disk::make("size=4m");
    if (!disk)
        return;
    disk->fill(3'000'000);
    nginx server; // which knows how much of it is there
    const std::string large = pattern(2'000'000);
    server.serve("file", large);
    with_client([&](http::client& http) -> awaitable<> {
        auto full = co_await http.download(server.url("/file"), *disk / "file", options(true), nothrow);
        check_full(full, outcome::answered);
        co_await http.close();
    });
    CHECK(names_in(disk->path()) == strings{"ballast", "file.part", "file.part.info"});
    const auto have = fs::file_size(*disk / "file.part");
    CHECK(have > 500'000);
    fs::remove(*disk / "ballast");
    with_client([&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download(server.url("/file"), *disk / "file", options(true));
        CHECK(answer.resumed_from() == have);
    });
    CHECK((read_file(*disk / "file") == large));
    CHECK(names_in(disk->path()) == strings{"file"});
}

TEST_CASE("download: no room for the record of a part", "[http][download][resume][fault]") {
    const auto disk = small_disk::make("size=64k");
    if (!disk)
        return;
    disk->fill();
    auto server = answers_in_turn({answer_with("200 OK", tag, "text"), answer_with("200 OK", tag, "text")});
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        auto full = co_await http.download(server.url(), *disk / "file", options(true), nothrow);
        check_full(full, outcome::answered);
        CHECK_THAT(full.error().message(), containing("cannot write the record of"));
        while (names_in(disk->path()) != strings{"ballast"})
            co_await sleep_for(1ms);
        fs::remove(*disk / "ballast");
        co_await http.download(server.url(), *disk / "file", options(true));
    });
    CHECK(read_file(*disk / "file") == "text");
    CHECK(names_in(disk->path()) == strings{"file"});
}

TEST_CASE("download: no room for one more file", "[http][download][fault]") {
    const auto disk = small_disk::make("nr_inodes=2"); // the directory is one
    if (!disk)
        return;
    disk->fill(1);
    auto server = answers_in_turn({});
    with_client([&](http::client& http) -> awaitable<> {
        for (const bool resume : {false, true}) {
            auto full = co_await http.download(server.url(), *disk / "file", options(resume), nothrow);
            check_full(full, outcome::not_sent);
        }
    });
    CHECK(server.requests().empty());
    CHECK(names_in(disk->path()) == strings{"ballast"});
}
