#include "http_client/part_file.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

using namespace oneloop;
using namespace oneloop::http;
using oneloop::testing::containing;
using oneloop::testing::read_file;
using oneloop::testing::temp_dir;
namespace fs = std::filesystem;

namespace {

file_plan plan_in(const temp_dir& dir) {
    file_plan plan;
    plan.directory = dir.path();
    plan.name = plan.stem = "file";
    plan.url_key = "url";
    plan.resume = true;
    return plan;
}

part_record first_version(std::uint64_t total = 10) {
    part_record r;
    r.version.etag = "\"v1\"";
    r.version.total = total;
    return r;
}

bool well(const failure& why) {
    INFO(why.message());
    CHECK_FALSE(why.code());
    return !why.code();
}

// As a download leaves it that stopped after these bytes.
void leave(const temp_dir& dir, std::string_view bytes) {
    part_file part(plan_in(dir));
    CHECK(well(part.open()));
    CHECK(well(part.start_over(first_version())));
    CHECK(well(part.write(bytes)));
    part.stop();
}

part_record record_in(const temp_dir& dir) {
    const auto record = part_record::parse(read_file(dir / "file.part.info"));
    REQUIRE(record);
    return *record;
}

} // namespace

TEST_CASE("part: stays with its record, and is gone on with", "[http][part]") {
    const temp_dir dir;
    leave(dir, "01234");
    CHECK(record_in(dir).synced == 5);
    part_file part(plan_in(dir));
    REQUIRE(well(part.open()));
    CHECK(part.size() == 5);
    CHECK(part.record().version.etag == "\"v1\"");
    CHECK(well(part.write("56789")));
    CHECK(well(part.commit("")));
    CHECK(read_file(dir / "file") == "0123456789");
    CHECK_FALSE(fs::exists(dir / "file.part"));
    CHECK_FALSE(fs::exists(dir / "file.part.info"));
}

TEST_CASE("part: what a crash of the machine may have left is cut off", "[http][part]") {
    const temp_dir dir;
    leave(dir, "01234");
    // More was written, and not forced to the disk, and the machine started anew
    auto record = record_in(dir);
    record.boot = "another";
    dir.write("file.part.info", record.text());
    dir.write("file.part", "01234\0\0\0");
    std::ofstream(dir / "file.part", std::ios::app) << "zeros";
    part_file part(plan_in(dir));
    REQUIRE(well(part.open()));
    CHECK(part.size() == 5);
    CHECK(fs::file_size(dir / "file.part") == 5);
}

TEST_CASE("part: killed while it wrote, it is gone on with", "[http][part]") {
    const temp_dir dir;
    leave(dir, "01234");
    std::ofstream(dir / "file.part", std::ios::app) << "567";
    part_file part(plan_in(dir));
    REQUIRE(well(part.open()));
    CHECK(part.size() == 8);
}

TEST_CASE("part: a record that is damaged proves nothing", "[http][part]") {
    const temp_dir dir;
    leave(dir, "01234");
    const std::string text = read_file(dir / "file.part.info");
    dir.write("file.part.info", text.substr(0, text.size() / 2));
    part_file part(plan_in(dir));
    REQUIRE(well(part.open()));
    CHECK(part.size() == 0);
    part.stop();
    CHECK(read_file(dir / "file.part") == "01234"); // untouched, until the server answers
}

TEST_CASE("part: to look and go changes nothing", "[http][part]") {
    const temp_dir dir;
    leave(dir, "01234");
    const std::string before = read_file(dir / "file.part.info");
    auto other = plan_in(dir);
    other.url_key = "another url";
    {
        part_file part(other);
        REQUIRE(well(part.open()));
        CHECK(part.size() == 0);
    }
    CHECK(read_file(dir / "file.part") == "01234");
    CHECK(read_file(dir / "file.part.info") == before);
    const temp_dir fresh;
    {
        part_file part(plan_in(fresh));
        REQUIRE(well(part.open()));
        CHECK(fs::exists(fresh / "file.part"));
    }
    CHECK(fs::is_empty(fresh.path()));
}

TEST_CASE("part: started over, the old bytes and the old version are gone", "[http][part]") {
    const temp_dir dir;
    leave(dir, "01234");
    part_file part(plan_in(dir));
    REQUIRE(well(part.open()));
    auto second = first_version();
    second.version.etag = "\"v2\"";
    CHECK(well(part.start_over(second)));
    CHECK(fs::file_size(dir / "file.part") == 0);
    CHECK(record_in(dir).version.etag == "\"v2\"");
    CHECK(record_in(dir).synced == 0);
    CHECK(well(part.write("ab")));
    part.stop();
    CHECK(read_file(dir / "file.part") == "ab");
}

TEST_CASE("part: one at a time, over all processes", "[http][part]") {
    const temp_dir dir;
    part_file first(plan_in(dir));
    REQUIRE(well(first.open()));
    {
        part_file second(plan_in(dir));
        const auto busy = second.open();
        CHECK(busy == condition::file);
        CHECK_THAT(busy.message(), containing("another download is writing"));
    }
    // Whoever was refused took nothing away
    CHECK(well(first.start_over(first_version(2))));
    CHECK(well(first.write("ab")));
    CHECK(well(first.commit("")));
    CHECK(read_file(dir / "file") == "ab");
    part_file third(plan_in(dir));
    CHECK(well(third.open()));
    third.stop();

    // A lock that somebody else took with the same call keeps us out
    const int fd = ::open((dir / "file.part.info").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(::flock(fd, LOCK_EX) == 0);
    part_file fourth(plan_in(dir));
    CHECK(fourth.open() == condition::file);
    ::close(fd);
}

TEST_CASE("part: the file that took its name is never written again", "[http][part]") {
    const temp_dir dir;
    part_file first(plan_in(dir));
    REQUIRE(well(first.open()));
    CHECK(well(first.start_over(first_version(2))));
    CHECK(well(first.write("ab")));
    CHECK(well(first.commit("")));
    part_file second(plan_in(dir));
    REQUIRE(well(second.open()));
    CHECK(well(second.start_over(first_version(3))));
    CHECK(well(second.write("xyz")));
    CHECK(read_file(dir / "file") == "ab");
    second.stop();
    CHECK(read_file(dir / "file") == "ab");
}

TEST_CASE("part: many threads at one path, and the file is always of one of them", "[http][part]") {
    const temp_dir dir;
    constexpr std::size_t size = 20;
    std::atomic<int> committed = 0, strange = 0;
    const auto compete = [&](char mine) {
        for (int round = 0; round < 1500; ++round) {
            auto plan = plan_in(dir);
            plan.sync = false;
            part_file part(plan);
            if (const failure busy = part.open(); busy.code()) {
                strange += busy.code().value() != EBUSY;
                continue;
            }
            failure why = part.start_over(first_version(size));
            for (std::size_t i = 0; i < size && !why.code(); ++i)
                why = part.write(std::string(1, mine));
            if (!why.code())
                why = part.commit("");
            strange += why.code().failed();
            ++committed;
            const std::string now = read_file(dir / "file");
            strange += now != std::string(size, now.empty() ? '?' : now[0]);
        }
    };
    {
        std::vector<std::jthread> threads;
        for (const char mine : {'a', 'b', 'c', 'd', 'e', 'f'})
            threads.emplace_back(compete, mine);
    }
    CHECK(strange == 0);
    CHECK(committed > 0);
    CHECK_FALSE(fs::exists(dir / "file.part"));
    CHECK_FALSE(fs::exists(dir / "file.part.info"));
}

TEST_CASE("part: a directory that takes no new name keeps the part", "[http][part][fault]") {
    const temp_dir dir;
    part_file part(plan_in(dir));
    REQUIRE(well(part.open()));
    CHECK(well(part.start_over(first_version(2))));
    CHECK(well(part.write("ab")));
    fs::create_directory(dir / "file"); // in between
    CHECK(part.commit("") == condition::file);
    CHECK(read_file(dir / "file.part") == "ab");
    CHECK(record_in(dir).version.total == 2U);
}

TEST_CASE("part: the directory is the one that was opened", "[http][part]") {
    const temp_dir dir;
    fs::create_directory(dir / "a");
    auto plan = plan_in(dir);
    plan.directory = dir / "a";
    plan.keep_others = true;
    part_file part(plan);
    REQUIRE(well(part.open()));
    fs::rename(dir / "a", dir / "b");
    fs::create_directory(dir / "a");
    CHECK(well(part.start_over(first_version(2))));
    CHECK(well(part.write("ab")));
    CHECK(well(part.commit("")));
    CHECK(read_file(dir / "b/file") == "ab");
    CHECK(fs::is_empty(dir / "a"));
}
