#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include <oneloop/sleep.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <poll.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// Deliberately what no handler may do: a stall is what these tests are about.
void stall(int milliseconds) {
    ::poll(nullptr, 0, milliseconds);
}

// Of this thread.
std::chrono::nanoseconds time_on_a_core() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

} // namespace

TEST_CASE("a handler that sleeps is reported as a stall", "[loop_watch]") {
    boost::asio::io_context loop;
    boost::asio::post(loop, [] { stall(80); });
    loop_watch watch(50ms);
    CHECK(watch.run_one(loop, 1s) == 1);
    CHECK(watch.longest() >= 70ms);
    CHECK_THROWS_WITH(watch.check(), containing("stalled the loop"));
}

TEST_CASE("a loop that has nothing to do is not a stall", "[loop_watch]") {
    run_test([]() -> awaitable<> { co_await sleep_for(150ms); });
}

TEST_CASE("waiting for a core is not a stall", "[loop_watch]") {
    // More busy threads than cores, so that this thread is put aside again and again for longer than the
    // limit.
    std::atomic<bool> enough = false;
    std::vector<std::thread> busy(4 * std::max(1U, std::thread::hardware_concurrency()));
    for (auto& t : busy)
        t = std::thread([&] {
            while (!enough) {
            }
        });
    boost::asio::io_context loop;
    std::chrono::nanoseconds ran{}, took{};
    boost::asio::post(loop, [&] {
        const auto begin = std::chrono::steady_clock::now();
        const auto ran_before = time_on_a_core();
        do {
            ran = time_on_a_core() - ran_before;
            took = std::chrono::steady_clock::now() - begin;
        } while (took - ran < 60ms);
    });
    loop_watch watch(50ms);
    watch.run_one(loop, 1s);
    enough = true;
    for (auto& t : busy)
        t.join();
    CHECK(watch.longest() < ran + 20ms); // and not what it took
}

TEST_CASE("a test whose coroutine stalls the loop fails", "[run_test]") {
    auto body = []() -> awaitable<> {
        stall(80);
        co_return;
    };
    CHECK_THROWS_WITH(run_test(body, 60s, 50ms), containing("stalled the loop"));
}

TEST_CASE("a test fails with what its coroutine throws", "[run_test]") {
    auto body = []() -> awaitable<> {
        co_await sleep_for(1ms);
        throw std::runtime_error("what went wrong");
    };
    CHECK_THROWS_WITH(run_test(body), "what went wrong");
}

TEST_CASE("a test that does not end fails instead of hanging", "[run_test]") {
    auto body = []() -> awaitable<> { co_await sleep_for(1h); };
    CHECK_THROWS_WITH(run_test(body, 1s), containing("had not ended after 1 s"));
}

TEST_CASE("a test that leaves work on its loop fails", "[run_test]") {
    boost::asio::io_context loop(1);
    boost::asio::steady_timer forgotten(loop, 1h);
    auto body = [](boost::asio::steady_timer& timer) -> awaitable<> {
        timer.async_wait([](error_code) {});
        co_return;
    };
    CHECK_THROWS_WITH(run_on_test_loop(loop, body(forgotten), 60s, 50ms), containing("left over work"));
}
