#include "tests/support/resources.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <condition_variable>
#include <thread>

using namespace oneloop::testing;

TEST_CASE("nothing is left over where nothing was taken", "[resources]") {
    CHECK(left_over(resources_now()).empty());
}

TEST_CASE("a descriptor left open is named", "[resources]") {
    temp_dir dir;
    const auto file = dir.write("forgotten.txt", "");
    const auto before = resources_now();
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    CHECK_THAT(left_over(before), containing("forgotten.txt"));
    ::close(fd);
    require_same_resources(before);
}

TEST_CASE("a number that another file has taken is left over", "[resources]") {
    temp_dir dir;
    const int first = ::open(dir.write("one", "").c_str(), O_RDONLY | O_CLOEXEC);
    const auto before = resources_now();
    ::close(first);
    const int second = ::open(dir.write("two", "").c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(second == first);
    CHECK_THAT(left_over(before), containing("/two"));
    ::close(second);
}

TEST_CASE("a thread left running is counted", "[resources]") {
    const auto before = resources_now();
    std::mutex held;
    std::unique_lock lock(held);
    std::thread runs([&] { std::lock_guard wait(held); });
    CHECK_THAT(left_over(before), containing("1 threads"));
    lock.unlock();
    runs.join();
    require_same_resources(before);
}

TEST_CASE("memory left allocated is counted", "[resources]") {
    const auto before = resources_now();
    auto forgotten = std::make_unique<char[]>(100'000);
    if (before.heap)
        CHECK_THAT(left_over(before), containing("bytes of heap"));
    forgotten.reset();
    CHECK(left_over(before).empty());
}
