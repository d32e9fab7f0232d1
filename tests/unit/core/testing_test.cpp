#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include <oneloop/blocking.hpp>
#include <oneloop/channel.hpp>
#include <oneloop/deadline.hpp>
#include <oneloop/future.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/run.hpp>
#include <oneloop/sleep.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

std::string hung_says(const std::function<void()>& test) {
    try {
        test();
    } catch (const hung& h) {
        return h.what();
    }
    return "it did not hang";
}

} // namespace

TEST_CASE("virtual time: an hour takes no time, and exactly an hour", "[testing]") {
    const auto real = std::chrono::steady_clock::now();
    testing::run([&]() -> awaitable<> {
        const auto begin = loop_clock::now();
        co_await sleep_for(1h);
        CHECK(loop_clock::now() - begin == 1h);
        co_await sleep_for(0s);
        co_await sleep_for(-1s);
        CHECK(loop_clock::now() - begin == 1h);
    });
    CHECK(std::chrono::steady_clock::now() - real < 30min); // on the slowest machine of the world
}

TEST_CASE("virtual time: what is run gives its value, or throws on", "[testing]") {
    CHECK(testing::run(sleep_for(1h, 7)) == 7);
    auto fails = []() -> awaitable<int> {
        co_await sleep_for(1h);
        throw std::runtime_error("its own");
    };
    CHECK_THROWS_WITH(testing::run(fails), "its own");
    auto spawns = []() -> awaitable<> {
        auto background = []() -> awaitable<> {
            co_await sleep_for(1s);
            throw std::runtime_error("of somebody spawned");
        };
        spawn(co_await this_coro::executor, background());
        co_await sleep_for(1h);
    };
    CHECK_THROWS_WITH(testing::run(spawns), "of somebody spawned");
}

TEST_CASE("virtual time: everybody wakes at his own time, and in order", "[testing]") {
    std::vector<std::string> log;
    testing::run([&]() -> awaitable<> {
        const auto begin = loop_clock::now();
        auto sleeper = [&](std::string name, std::chrono::seconds time) -> awaitable<> {
            co_await sleep_for(time);
            log.push_back(name + " after " + std::to_string((loop_clock::now() - begin) / 1s));
        };
        co_await gather(sleeper("c", 3s), sleeper("a", 1s), sleeper("b", 2s), sleeper("a'", 1s));
    });
    CHECK(log == std::vector<std::string>{"a after 1", "a' after 1", "b after 2", "c after 3"});
}

TEST_CASE("virtual time: what is ready runs before time goes on", "[testing]") {
    testing::run([]() -> awaitable<> {
        const auto begin = loop_clock::now();
        auto busy = [&]() -> awaitable<int> {
            for (int i = 0; i < 1'000; ++i)
                co_await sleep_for(0s);
            co_return 7;
        };
        const int value = co_await timeout(1ms, busy());
        CHECK(value == 7);
        CHECK(loop_clock::now() == begin);
    });
}

TEST_CASE("virtual time: a time limit strikes at its time", "[testing]") {
    testing::run([]() -> awaitable<> {
        const auto begin = loop_clock::now();
        const auto why = co_await caught(timeout(90min, sleep_for(2h)));
        CHECK(failure_of(why) == condition::timeout);
        CHECK(loop_clock::now() - begin == 90min);
    });
}

TEST_CASE("virtual time: nobody waits for a sleep that was cancelled, nor for never", "[testing]") {
    testing::run([]() -> awaitable<> {
        const auto begin = loop_clock::now();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto cancelled_soon = tasks.spawn(sleep_for(1h));
            auto never = tasks.spawn(sleep_for(loop_clock::duration::max()));
            co_await sleep_for(1s);
            cancelled_soon.cancel();
            co_await sleep_for(2h);
            CHECK(loop_clock::now() - begin == 2h + 1s);
            never.cancel();
        });
    });
}

TEST_CASE("virtual time: who is due at one instant is too late to be cancelled by another", "[testing]") {
    testing::run([]() -> awaitable<> {
        co_await with_task_group([](task_group& tasks) -> awaitable<> {
            std::optional<task<int>> second;
            auto cancels = [&]() -> awaitable<> {
                co_await sleep_for(1s);
                second->cancel();
            };
            auto first = tasks.spawn(cancels());
            second = tasks.spawn(sleep_for(1s, 7));
            const int value = co_await second->get();
            CHECK(value == 7);
        });
    });
}

TEST_CASE("virtual time: stands still while a function blocks on a thread", "[testing]") {
    testing::run([]() -> awaitable<> {
        const auto begin = loop_clock::now();
        std::mutex mutex;
        std::condition_variable changed;
        bool go = false;
        auto blocks = [&] {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return go; });
            return 7;
        };
        auto lets_go = [&]() -> awaitable<> {
            asio::steady_timer real(co_await this_coro::executor, 20ms); // time enough to go wrong
            co_await real.async_wait(throwing);
            std::lock_guard lock(mutex);
            go = true;
            changed.notify_all();
        };
        auto [value, nothing] = co_await gather(timeout(1s, run_blocking(std::ref(blocks))), lets_go());
        CHECK(value == 7);
        CHECK(loop_clock::now() == begin);
    });
}

TEST_CASE("virtual time: goes on when a function that blocks is no longer waited for", "[testing]") {
    std::mutex mutex;
    std::condition_variable changed;
    bool go = false;
    std::atomic<bool> began = false;
    testing::run([&]() -> awaitable<> {
        auto blocks = [&] {
            std::unique_lock lock(mutex);
            began = true;
            changed.wait(lock, [&] { return go; });
        };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto job = tasks.spawn(run_blocking(std::ref(blocks)));
            while (!began)
                co_await sleep_for(0s);
            job.cancel();
            co_await sleep_for(1h);
            std::lock_guard lock(mutex);
            go = true;
            changed.notify_all();
        });
    });
    // It refers to the mutex above
    run_test([]() -> awaitable<> {
        while (default_pool().stats().running)
            co_await run_blocking([] {});
    });
}

TEST_CASE("virtual time: waits for others, if told to, before a limit strikes", "[testing]") {
    auto test = []() -> awaitable<int> {
        promise<int> p;
        auto answer = p.get_future();
        std::jthread other([&p] {
            std::this_thread::sleep_for(50ms); // this is what is tested: somebody who takes his time
            p.set_value(7);
        });
        co_return co_await timeout(1s, answer.get());
    };
    CHECK(testing::run(test, run_options().wait_for_others(5s)) == 7);
    CHECK_THROWS_AS(testing::run(test), oneloop::error);
}

TEST_CASE("virtual time: sockets on the same loop answer before a limit strikes", "[testing]") {
    testing::run([]() -> awaitable<> {
        using asio::ip::tcp;
        const auto begin = loop_clock::now();
        const auto loop = co_await this_coro::executor;
        tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
        auto serve = [&]() -> awaitable<> {
            auto peer = co_await acceptor.async_accept(boost::asio::use_awaitable);
            co_await sleep_for(2s);
            co_await asio::async_write(peer, asio::buffer("x", 1), boost::asio::use_awaitable);
        };
        auto ask = [&]() -> awaitable<> {
            tcp::socket socket(loop);
            co_await socket.async_connect(acceptor.local_endpoint(), boost::asio::use_awaitable);
            char c = 0;
            co_await asio::async_read(socket, asio::buffer(&c, 1), boost::asio::use_awaitable);
            CHECK(c == 'x');
        };
        co_await gather(serve(), timeout(3s, ask()));
        CHECK(loop_clock::now() - begin == 2s);
    });
}

TEST_CASE("a test that waits for what never comes fails in place of hanging", "[testing]") {
    auto waits = []() -> awaitable<> {
        channel<int> nobody_sends(co_await this_coro::executor, 1);
        const auto nothing = co_await nobody_sends.receive();
        CHECK(!nothing);
    };
    CHECK_THAT(
        hung_says([&] { testing::run(waits, run_options().limit(20ms)); }),
        containing("has not ended after 20 ms, and 0 s of virtual time passed: something waits on its loop, "
                   "and not for a time")
    );
    CHECK_THAT(
        hung_says([&] { testing::run(waits, run_options().limit(20ms).real_time()); }),
        containing("has not ended after 20 ms")
    );
    auto runs_for_ever = []() -> awaitable<> {
        for (;;)
            co_await sleep_for(24h);
    };
    CHECK_THAT(
        hung_says([&] { testing::run(runs_for_ever, run_options().limit(20ms)); }),
        containing(" of virtual time passed")
    );
}

TEST_CASE("a test that leaves something behind fails", "[testing]") {
    auto leaves = []() -> awaitable<> {
        spawn(co_await this_coro::executor, sleep_for(1h));
        co_await sleep_for(0s);
        co_await sleep_for(0s);
    };
    CHECK_THAT(hung_says([&] { testing::run(leaves); }), containing("left something behind: 1 timer runs"));
    testing::run(leaves, run_options().allow_leftovers());
    CHECK_THAT(
        hung_says([&] { testing::run(leaves, run_options().real_time().limit(20ms)); }),
        containing("left something behind")
    );
}

TEST_CASE("virtual time ends with its loop, and there is one on a thread", "[testing]") {
    {
        testing::loop outer;
        CHECK_THROWS_AS(testing::loop(), std::logic_error);
        CHECK_THROWS_AS(testing::loop(run_options().real_time()), std::logic_error);
        CHECK(outer.run(sleep_for(1h, 8)) == 8);
        std::jthread other([] { CHECK(testing::run(sleep_for(1h, 9)) == 9); });
    }
    CHECK(testing::run(sleep_for(1ms, 7), run_options().real_time()) == 7);
    const auto before = std::chrono::steady_clock::now(); // and not an hour later
    CHECK(loop_clock::now() - before < 30min);
}

TEST_CASE("a loop of a test can be driven by hand", "[testing]") {
    testing::loop loop;
    int rang = 0;
    auto ring = [&](std::chrono::seconds after) -> awaitable<> {
        co_await sleep_for(after);
        ++rang;
    };
    const auto begin = loop_clock::now();
    spawn(loop.get_executor(), ring(2s));
    spawn(loop.get_executor(), ring(1s));
    while (rang == 0)
        REQUIRE(loop.step());
    CHECK(loop_clock::now() - begin == 1s);
    while (rang == 1)
        REQUIRE(loop.step());
    CHECK(loop_clock::now() - begin == 2s);
    while (loop.step())
        ;
    CHECK(rang == 2);
}

TEST_CASE("a timer in virtual time may outlive it", "[testing]") {
    asio::io_context elsewhere;
    {
        testing::loop loop;
        spawn(elsewhere.get_executor(), sleep_for(1h));
        elsewhere.poll(); // it waits in this loop's time
    }
} // and the context destroys it
