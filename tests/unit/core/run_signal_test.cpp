#include "tests/support/catch.hpp"
#include "tests/support/process.hpp"
#include <oneloop/run.hpp>
#include <oneloop/sleep.hpp>

#include <unistd.h>

#include <csignal>
#include <latch>
#include <thread>

using namespace oneloop::testing;

namespace {

// The helper program, when it is ready.
class program : public process {
public:
    explicit program(const std::string& mode, const process_options& options = {})
        : process({ONELOOP_INTERRUPTIBLE, mode}, options) {
        if (mode != "failing")
            REQUIRE(read_line() == "ready");
    }
};

// Puts the action of a signal back to what it was.
class restored {
public:
    explicit restored(int number) : number_(number) { ::sigaction(number_, nullptr, &before_); }
    ~restored() { ::sigaction(number_, &before_, nullptr); }
    restored(const restored&) = delete;
    restored& operator=(const restored&) = delete;

private:
    int number_;
    struct sigaction before_ {};
};

sighandler_t handler_of(int number) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    return now.sa_handler;
}

void own_handler(int) {}

void run_something() {
    oneloop::run(oneloop::sleep_for(std::chrono::seconds(0)));
}

} // namespace

TEST_CASE("the first Ctrl-C cancels the program, which unwinds and exits with 130", "[run]") {
    program p("polite");
    p.signal(SIGINT);
    CHECK(p.read_line() == "unwound");
    CHECK(p.wait() == exited(130));
}

TEST_CASE("SIGTERM cancels the program as well, and it exits with 143", "[run]") {
    program p("polite");
    p.signal(SIGTERM);
    CHECK(p.read_line() == "unwound");
    CHECK(p.wait() == exited(143));
}

TEST_CASE("a second Ctrl-C ends a program that takes no notice of the first", "[run]") {
    program p("stubborn");
    p.signal(SIGINT);
    CHECK(p.read_line() == "cancelled");
    p.signal(SIGINT);
    CHECK(p.wait() == killed_by(SIGINT));
}

TEST_CASE("SIGTERM ends a program that has been cancelled by Ctrl-C", "[run]") {
    program p("stubborn");
    p.signal(SIGINT);
    CHECK(p.read_line() == "cancelled");
    p.signal(SIGTERM);
    CHECK(p.wait() == killed_by(SIGTERM));
}

TEST_CASE("a signal that the program ignores stays ignored", "[run]") {
    program p("listening", process_options().ignoring(SIGINT));
    p.signal(SIGINT); // dropped before kill() returns
    p.write("5\n");
    CHECK(p.wait() == exited(5));
}

TEST_CASE("run_main tells an exception on standard error and exits with 1", "[run]") {
    program p("failing", process_options().with_errors());
    CHECK(p.read_line() == "error: the test: the client was closed");
    CHECK(p.wait() == exited(1));
}

TEST_CASE("a signal after run is again the program's own business", "[run]") {
    for (int number : {SIGINT, SIGTERM}) {
        restored when_done(number); // Catch2 has handlers of its own
        std::signal(number, SIG_DFL);
        run_something();
        CHECK(handler_of(number) == SIG_DFL);
        std::signal(number, own_handler);
        run_something();
        CHECK(handler_of(number) == own_handler);
    }
}

TEST_CASE("run ignores SIGPIPE where nobody has taken it", "[run]") {
    restored when_done(SIGPIPE);
    std::signal(SIGPIPE, SIG_DFL);
    run_something();
    CHECK(handler_of(SIGPIPE) == SIG_IGN);
}

TEST_CASE("run leaves a handler of SIGPIPE that the program has", "[run]") {
    restored when_done(SIGPIPE);
    std::signal(SIGPIPE, own_handler);
    run_something();
    CHECK(handler_of(SIGPIPE) == own_handler);
}

TEST_CASE("one signal reaches every program of the process", "[run][signal]") {
    const restored catch2_handles_it_too(SIGTERM);
    std::signal(SIGTERM, SIG_DFL);
    std::latch both(2);
    auto body = [](std::latch& there) -> oneloop::awaitable<> {
        there.count_down();
        co_await oneloop::sleep_for(std::chrono::hours(1));
    };
    int statuses[2] = {0, 0};
    {
        std::jthread first([&] { statuses[0] = oneloop::run_main(body(both)); });
        std::jthread second([&] { statuses[1] = oneloop::run_main(body(both)); });
        both.wait();
        ::kill(::getpid(), SIGTERM);
    }
    CHECK(statuses[0] == 128 + SIGTERM);
    CHECK(statuses[1] == 128 + SIGTERM);
    CHECK(handler_of(SIGTERM) == SIG_DFL);
}
