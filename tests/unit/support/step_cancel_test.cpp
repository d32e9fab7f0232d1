#include "tests/support/step_cancel.hpp"

#include "tests/support/catch.hpp"
#include <oneloop/sleep.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("step_cancel cancels an operation after every one of its handlers", "[step_cancel]") {
    const auto steps = step_cancel([](asio::io_context& loop) {
        auto timer = std::make_shared<asio::steady_timer>(loop, 1ms);
        return [timer](auto token) { timer->async_wait(std::move(token)); };
    });
    CHECK(steps == 1);
}

TEST_CASE("step_cancel cancels a coroutine after every one of its handlers", "[step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor) -> awaitable<> {
        co_await sleep_for(0s);
        co_await sleep_for(0s);
    });
    CHECK(steps >= 2);
}

TEST_CASE("step_cancel ends an operation that never would", "[step_cancel]") {
    const auto options = step_cancel_options().at_most(5);
    int rounds = 0;
    auto sleepless = [&rounds](executor) -> awaitable<> {
        ++rounds;
        for (int turn = 0; turn < 4; ++turn)
            co_await sleep_for(0s);
    };
    CHECK(step_cancel_awaitable(sleepless, options) <= 5);
    CHECK(rounds >= 4);
}
