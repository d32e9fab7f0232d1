#include "tests/support/process.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/resources.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("a child process is written to, read from and waited for", "[process]") {
    const auto before = resources_now();
    {
        process_options how;
        how.environment("GREETING", "hello");
        process child({"/bin/sh", "-c", "read x; echo \"$GREETING $x\"; exit 7"}, how);
        child.write("world\n");
        CHECK(child.read_line() == "hello world");
        CHECK(child.wait() == exited(7));
        CHECK(to_string(child.wait()) == "exit code 7");
    }
    require_same_resources(before);
}

TEST_CASE("a program that does not exist cannot be started", "[process]") {
    const auto before = resources_now();
    CHECK_THROWS_AS(process({"/no/such/program"}), std::system_error);
    require_same_resources(before);
}

TEST_CASE("a child process ends by SIGTERM, by SIGKILL when it must", "[process]") {
    process polite({"/bin/sleep", "1000"});
    CHECK(polite.stop() == killed_by(SIGTERM));

    process stubborn({"/bin/sh", "-c", "trap '' TERM; echo ready; while :; do read x; done"});
    CHECK(stubborn.read_line() == "ready");
    CHECK(stubborn.stop(10ms) == killed_by(SIGKILL));
}

TEST_CASE("a child process that was stopped can be ended", "[process]") {
    process child({"/bin/sleep", "1000"});
    child.signal_group(SIGSTOP);
    CHECK(child.stop() == killed_by(SIGTERM));
}

TEST_CASE("a child process inherits the descriptors it is given and no others", "[process]") {
    process_options how;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    how.inherit(ends[1]);
    const std::string number = std::to_string(ends[1]), other = std::to_string(ends[0]);
    process child({"/bin/sh", "-c", "test -e /dev/fd/" + number + " && test ! -e /dev/fd/" + other}, how);
    CHECK(child.wait() == exited(0));
    ::close(ends[0]);
    ::close(ends[1]);
}
