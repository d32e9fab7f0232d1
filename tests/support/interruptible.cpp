// A program for the tests of run_main: says "ready", waits, and tells what happens to it.

#include <oneloop/run.hpp>
#include <oneloop/sleep.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace std::chrono_literals;
using oneloop::awaitable;

namespace {

void say(const char* what) {
    std::puts(what);
    std::fflush(stdout);
}

struct says_when_it_ends {
    ~says_when_it_ends() { say("unwound"); }
};

// Ends at the first signal.
awaitable<> polite() {
    says_when_it_ends last_words;
    say("ready");
    co_await oneloop::sleep_for(1h);
}

// Takes no notice of it.
awaitable<> stubborn() {
    bool cancelled = false;
    say("ready");
    try {
        co_await oneloop::sleep_for(1h);
    } catch (const boost::system::system_error&) {
        cancelled = true;
    }
    if (cancelled) {
        say("cancelled");
        co_await oneloop::this_coro::reset_cancellation_state();
        co_await oneloop::sleep_for(1h);
    }
}

// Ends when it is told to on its standard input, with this exit status.
awaitable<int> listening() {
    boost::asio::posix::stream_descriptor input(co_await oneloop::this_coro::executor, ::dup(STDIN_FILENO));
    std::string line;
    auto buffer = boost::asio::dynamic_buffer(line);
    say("ready");
    co_await boost::asio::async_read_until(input, buffer, '\n', boost::asio::use_awaitable);
    co_return std::atoi(line.c_str());
}

awaitable<> failing() {
    co_await oneloop::sleep_for(0s);
    throw oneloop::error(oneloop::failure(oneloop::errc::closed).doing("the test"));
}

} // namespace

int main(int, char** arguments) {
    const std::string mode = arguments[1];
    if (mode == "polite")
        return oneloop::run_main(polite());
    if (mode == "stubborn")
        return oneloop::run_main(stubborn());
    if (mode == "listening")
        return oneloop::run_main(listening());
    return oneloop::run_main(failing());
}
