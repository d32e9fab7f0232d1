#include "tests/support/catch.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/slow_to_end.hpp"
#include <oneloop/gather.hpp>
#include <oneloop/run.hpp>
#include <oneloop/task.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <optional>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// Tells when it goes out of scope.
class witness {
public:
    witness(log_of& log, std::string name) : log_(log), name_(std::move(name)) {}
    ~witness() { log_.push_back(name_ + " gone"); }
    witness(const witness&) = delete;
    witness& operator=(const witness&) = delete;

private:
    log_of& log_;
    std::string name_;
};

// Starts a coroutine on a loop, lets it come to its wait, and destroys the loop.
void abandon(awaitable<> body, log_of& log) {
    asio::io_context loop;
    asio::co_spawn(loop, std::move(body), asio::detached);
    loop.poll();
    CHECK(log.empty());
}

} // namespace

TEST_CASE("a coroutine that waits is destroyed with its loop", "[shutdown]") {
    log_of log;
    auto body = [&]() -> awaitable<> {
        witness w(log, "coroutine");
        co_await sleep_for(1h);
    };
    abandon(body(), log);
    CHECK(log == log_of{"coroutine gone"});
}

TEST_CASE("a coroutine that waits for a client of its own is destroyed with its loop", "[shutdown]") {
    log_of log;
    auto body = [&]() -> awaitable<> {
        witness w(log, "coroutine");
        oracle o(co_await this_coro::executor);
        co_await o.ask("never");
    };
    abandon(body(), log);
    CHECK(log == log_of{"coroutine gone"});
}

TEST_CASE("an operation that fails when its caller is gone touches nothing of the caller's", "[shutdown]") {
    std::optional<oracle> o;
    {
        asio::io_context loop;
        o.emplace(loop.get_executor());
        auto body = [&]() -> awaitable<> { co_await o->ask("never"); };
        asio::co_spawn(loop, body(), asio::detached);
        loop.poll();
    }
    o->fail_all(); // as a client does in its destructor
}

TEST_CASE("a group and its tasks are destroyed with their loop", "[shutdown]") {
    log_of log;
    auto waits = [&](std::string name) -> awaitable<> {
        witness w(log, name);
        co_await sleep_for(1h);
    };
    auto body = [&]() -> awaitable<> {
        co_await with_bounded_task_group(2, [&](task_group& tasks) -> awaitable<> {
            tasks.spawn(waits("task"));
            auto other = tasks.spawn(waits("other task"));
            tasks.spawn(waits("never begun"));
            witness w(log, "body");
            co_await other.get();
        });
    };
    abandon(body(), log);
    CHECK(log.size() == 3);
}

TEST_CASE("a task that is destroyed with its loop still sees what its group's scope holds", "[shutdown]") {
    log_of log;
    auto uses = [&](const std::string& of_parent) -> awaitable<> {
        witness w(log, "task");
        struct last_look {
            const std::string& seen;
            log_of& log;
            ~last_look() { log.push_back(seen); }
        } look{of_parent, log};
        co_await sleep_for(1h);
    };
    auto body = [&](bool sleeps_first) -> awaitable<> {
        // What is destroyed first may depend on what was used first.
        if (sleeps_first)
            co_await sleep_for(0s);
        const std::string held = "something of the parent's that lives in memory of its own";
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(uses(held));
            co_return;
        });
    };
    for (bool sleeps_first : {false, true}) {
        log.clear();
        abandon(body(sleeps_first), log);
        CHECK(log == log_of{"something of the parent's that lives in memory of its own", "task gone"});
    }
}

TEST_CASE("gather and timeout are destroyed with their loop", "[shutdown]") {
    log_of log;
    auto waits = [&](std::string name) -> awaitable<> {
        witness w(log, name);
        co_await sleep_for(1h);
    };
    auto body = [&]() -> awaitable<> {
        co_await timeout(1h, [](auto& w) -> awaitable<> {
            co_await gather(w("a"), timeout(1h, w("b")));
        }(waits));
    };
    abandon(body(), log);
    CHECK(log.size() == 2);
}

TEST_CASE("a coroutine that never began is destroyed with its loop", "[shutdown]") {
    auto owned = std::make_shared<int>();
    std::weak_ptr<int> watched = owned;
    {
        asio::io_context loop;
        spawn(loop.get_executor(), [](std::shared_ptr<int>) -> awaitable<> { co_return; }(std::move(owned)));
    }
    CHECK(watched.expired());
}
