#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/future.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/generator.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

awaitable<> count(yield<int>& out, int first, int last) {
    for (int i = first; i <= last; ++i)
        co_await out(i);
}

// Tells when it goes out of scope; shared, because a body may not refer to what is around it.
class witness {
public:
    witness(std::shared_ptr<log_of> log, std::string name) : log_(std::move(log)), name_(std::move(name)) {}
    ~witness() { log_->push_back(name_ + " gone"); }
    witness(const witness&) = delete;
    witness& operator=(const witness&) = delete;

private:
    std::shared_ptr<log_of> log_;
    std::string name_;
};

awaitable<> noting(yield<int>& out, std::shared_ptr<log_of> log, int last) {
    witness w(log, "body");
    log->push_back("begins");
    for (int i = 1; i <= last; ++i) {
        log->push_back("gives " + std::to_string(i));
        co_await out(i);
        log->push_back("goes on after " + std::to_string(i));
    }
}

} // namespace

TEST_CASE("a generator gives one value after the other and ends", "[generator]") {
    testing::run([]() -> awaitable<> {
        generator<int> reader(co_await this_coro::executor, count, 1, 99);
        int sum = 0, items = 0;
        while (auto item = co_await reader.next()) {
            sum += *item;
            ++items;
        }
        CHECK(sum == 4950);
        CHECK(items == 99);
        for (int i = 0; i < 3; ++i) {
            auto after = co_await reader.next();
            CHECK_FALSE(after);
        }
    });
}

TEST_CASE("a generator does nothing before it is asked", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto log = std::make_shared<log_of>();
        generator<int> reader(co_await this_coro::executor, noting, log, 2);
        co_await turns();
        CHECK(log->empty());
        auto one = co_await reader.next();
        co_await turns();
        CHECK(*one == 1);
        CHECK(*log == log_of{"begins", "gives 1"});
        auto two = co_await reader.next();
        co_await turns();
        CHECK(*two == 2);
        CHECK(*log == log_of{"begins", "gives 1", "goes on after 1", "gives 2"});
        auto end = co_await reader.next();
        CHECK_FALSE(end);
        CHECK(log->back() == "body gone");
    });
}

TEST_CASE("a generator that was never asked leaves nothing", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto log = std::make_shared<log_of>();
        { generator<int> reader(co_await this_coro::executor, noting, log, 2); }
        co_await turns();
        CHECK(log->empty());
        CHECK(log.use_count() == 1);
    });
}

TEST_CASE("what the body throws comes out of next, once", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<std::string>& out, int good) -> awaitable<> {
            for (int i = 0; i < good; ++i)
                co_await out("value");
            throw std::runtime_error("body");
        };
        for (int good : {0, 2}) {
            generator<std::string> reader(co_await this_coro::executor, body, good);
            for (int i = 0; i < good; ++i) {
                auto value = co_await reader.next();
                CHECK(value == "value");
            }
            const auto why = co_await caught(reader.next());
            REQUIRE(why);
            CHECK_THROWS_WITH(std::rethrow_exception(why), "body");
            auto after = co_await reader.next();
            CHECK_FALSE(after);
        }
    });
}

TEST_CASE("a body that is a plain function may throw", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<int>&) -> awaitable<> { throw std::runtime_error("no coroutine"); };
        generator<int> reader(co_await this_coro::executor, body);
        const auto why = co_await caught(reader.next());
        REQUIRE(why);
        CHECK_THROWS_WITH(std::rethrow_exception(why), "no coroutine");
    });
}

TEST_CASE("the body owns what it is given, and values may be movable only", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<std::unique_ptr<int>>& out, std::unique_ptr<int> mine) -> awaitable<> {
            co_await out(std::make_unique<int>(*mine + 1));
            co_await out(std::move(mine));
        };
        generator<std::unique_ptr<int>> reader(co_await this_coro::executor, body, std::make_unique<int>(7));
        auto one = co_await reader.next();
        auto two = co_await reader.next();
        CHECK(**one == 8);
        CHECK(**two == 7);
    });
}

TEST_CASE("what captures is no body of a generator", "[generator]") {
    int around = 0;
    auto by_reference = [&](yield<int>& out) -> awaitable<> { co_await out(around); };
    auto by_value = [around](yield<int>& out) -> awaitable<> { co_await out(around); };
    auto nothing = [](yield<int>& out) -> awaitable<> { co_await out(1); };
    STATIC_REQUIRE_FALSE(detail::captures_nothing<decltype(by_reference)>);
    STATIC_REQUIRE_FALSE(detail::captures_nothing<decltype(by_value)>);
    STATIC_REQUIRE_FALSE(detail::captures_nothing<std::function<awaitable<>(yield<int>&)>>);
    STATIC_REQUIRE(detail::captures_nothing<decltype(nothing)>);
    STATIC_REQUIRE(detail::captures_nothing<decltype(&count)>);
}

TEST_CASE("a generator destroyed early cancels its body, which ends with what it owns", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto log = std::make_shared<log_of>();
        {
            generator<int> reader(co_await this_coro::executor, noting, log, 9);
            auto one = co_await reader.next();
            CHECK(*one == 1);
        }
        co_await turns();
        CHECK(*log == log_of{"begins", "gives 1", "body gone"});
        CHECK(log.use_count() == 1);
    });
}

TEST_CASE("a generator destroyed while its body waits for something else cancels that", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto log = std::make_shared<log_of>();
        auto body = [](yield<int>& out, std::shared_ptr<log_of> log) -> awaitable<> {
            witness w(log, "body");
            co_await out(1);
            co_await sleep_for(1h);
        };
        {
            generator<int> reader(co_await this_coro::executor, body, log);
            co_await reader.next();
            const auto why = co_await caught(timeout(1ms, reader.next()));
            CHECK(failure_of(why) == condition::timeout);
        }
        co_await turns();
        CHECK(*log == log_of{"body gone"});
    });
}

TEST_CASE("a body that goes on although its generator is gone can give nothing", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto log = std::make_shared<log_of>();
        auto body = [](yield<int>& out, std::shared_ptr<log_of> log) -> awaitable<> {
            try {
                co_await out(1);
            } catch (const boost::system::system_error&) {
                log->push_back("cancelled");
            }
            co_await this_coro::reset_cancellation_state();
            try {
                co_await out(2);
            } catch (const error& e) {
                if (e.code() == condition::closed)
                    log->push_back("closed");
            }
        };
        {
            generator<int> reader(co_await this_coro::executor, body, log);
            co_await reader.next();
        }
        co_await turns();
        CHECK(*log == log_of{"cancelled", "closed"});
    });
}

TEST_CASE("closing a generator waits for the end of its body", "[generator]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto body = [](yield<int>& out, log_of& log) -> awaitable<> {
            co_await out(1);
            co_await slow_to_end(log, "body");
        };
        generator<int> reader(co_await this_coro::executor, body, std::ref(log));
        co_await reader.next();
        const auto late = co_await caught(timeout(1ms, reader.next()));
        CHECK(failure_of(late) == condition::timeout);
        co_await reader.close();
        CHECK(log == log_of{"body began", "body cancelled", "body ended"});
        auto after = co_await reader.next();
        CHECK_FALSE(after);
        co_await reader.close(); // a second time: nothing
    });
}

TEST_CASE("closing a generator throws what its body throws, but no cancellation", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<int>& out) -> awaitable<> {
            try {
                co_await out(1);
            } catch (const boost::system::system_error&) {
            }
            throw std::runtime_error("on its way out");
        };
        generator<int> reader(co_await this_coro::executor, body);
        co_await reader.next();
        const auto why = co_await caught(reader.close());
        REQUIRE(why);
        CHECK_THROWS_WITH(std::rethrow_exception(why), "on its way out");

        generator<int> never_asked(co_await this_coro::executor, body);
        co_await never_asked.close();
        auto nothing = co_await never_asked.next();
        CHECK_FALSE(nothing);
    });
}

TEST_CASE("a next that is cancelled takes nothing, and the body goes on", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<int>& out, future<int>& answer) -> awaitable<> {
            co_await out(1);
            const int late = co_await answer.get();
            co_await out(late);
            co_await out(3);
        };
        promise<int> later;
        auto answer = later.get_future();
        generator<int> reader(co_await this_coro::executor, body, std::ref(answer));
        co_await reader.next();
        for (int i = 0; i < 2; ++i) {
            const auto why = co_await caught(timeout(1ms, reader.next()));
            CHECK(failure_of(why) == condition::timeout);
        }
        later.set_value(2);
        co_await turns();
        auto two = co_await reader.next();
        CHECK(two == 2);
        auto three = co_await reader.next();
        CHECK(three == 3);
        auto end = co_await reader.next();
        CHECK_FALSE(end);
    });
}

TEST_CASE("two next at once are an error", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<int>& out) -> awaitable<> {
            co_await turns();
            co_await out(1);
            co_await turns();
            co_await out(2);
        };
        generator<int> reader(co_await this_coro::executor, body);
        std::optional<int> first;
        auto asks = [&]() -> awaitable<> { first = co_await reader.next(); };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            tasks.spawn(asks());
            co_await turns(3);
            const auto why = co_await caught(reader.next());
            CHECK(failure_of(why) == condition::argument);
        });
        CHECK(first == 1);
        auto second = co_await reader.next();
        CHECK(second == 2);
    });
}

TEST_CASE("two values given at once are an error of the body", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<int>& out) -> awaitable<> { co_await gather(out(1), out(2)); };
        generator<int> reader(co_await this_coro::executor, body);
        auto one = co_await reader.next();
        CHECK(one == 1);
        const auto why = co_await caught(reader.next());
        CHECK(failure_of(why) == condition::argument);
    });
}

TEST_CASE("a body whose wait for the next question is limited loses no value", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<int>& out, int& impatient) -> awaitable<> {
            for (int i = 1; i <= 3; ++i)
                try {
                    co_await timeout(1ms, out(i));
                } catch (const error&) {
                    ++impatient;
                }
        };
        int impatient = 0;
        generator<int> reader(co_await this_coro::executor, body, std::ref(impatient));
        auto one = co_await reader.next();
        CHECK(one == 1);
        co_await sleep_for(10ms);
        CHECK(impatient == 3);
        auto two = co_await reader.next(); // this one found its place free
        CHECK(two == 2);
        auto end = co_await reader.next(); // and this one waited for it in vain
        CHECK_FALSE(end);
    });
}

TEST_CASE("a generator that is destroyed while somebody asks gives nothing", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto body = [](yield<int>& out) -> awaitable<> {
            co_await sleep_for(1h);
            co_await out(1);
        };
        std::optional<generator<int>> reader(std::in_place, co_await this_coro::executor, body);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto asks = tasks.spawn(reader->next());
            co_await turns(5);
            reader.reset();
            auto item = co_await asks.get();
            CHECK_FALSE(item);
        });
    });
}

TEST_CASE("generators move", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto log = std::make_shared<log_of>();
        generator<int> one(co_await this_coro::executor, noting, log, 9);
        co_await one.next();
        generator<int> two(std::move(one));
        auto item = co_await two.next();
        CHECK(item == 2);
        auto nothing = co_await one.next();
        CHECK_FALSE(nothing);
        co_await one.close();
        two = generator<int>(co_await this_coro::executor, count, 5, 6); // ends the body of the first
        co_await turns();
        CHECK(log->back() == "body gone");
        item = co_await two.next();
        CHECK(item == 5);
    });
}

TEST_CASE("a generator of a generator", "[generator]") {
    testing::run([]() -> awaitable<> {
        auto doubled = [](yield<int>& out, generator<int> inner) -> awaitable<> {
            while (auto item = co_await inner.next())
                co_await out(2 * *item);
        };
        auto loop = co_await this_coro::executor;
        generator<int> reader(loop, doubled, generator<int>(loop, count, 1, 3));
        std::vector<int> got;
        while (auto item = co_await reader.next())
            got.push_back(*item);
        CHECK(got == std::vector<int>{2, 4, 6});
    });
}

TEST_CASE("ten thousand values one by one", "[generator]") {
    run_test([]() -> awaitable<> {
        generator<int> reader(co_await this_coro::executor, count, 1, 10'000);
        long sum = 0;
        while (auto item = co_await reader.next())
            sum += *item;
        CHECK(sum == 10'000L * 10'001 / 2);
    });
}

TEST_CASE("a generator cancelled after any of its handlers leaves nothing", "[generator][step_cancel]") {
    const auto steps = step_cancel_awaitable([](executor loop) -> awaitable<> {
        auto body = [](yield<int>& out) -> awaitable<> {
            for (int i = 0; i < 3; ++i) {
                co_await out(i);
                co_await sleep_for(0s);
            }
        };
        generator<int> reader(loop, body);
        while (auto item = co_await reader.next())
            co_await sleep_for(0s);
        generator<int> closed(loop, body);
        co_await closed.next();
        co_await closed.close();
    });
    CHECK(steps > 10);
}

TEST_CASE("a generator and its body are destroyed with their loop", "[generator][shutdown]") {
    for (bool asking : {false, true}) {
        auto log = std::make_shared<log_of>();
        auto sleeps = [](yield<int>& out, std::shared_ptr<log_of> log) -> awaitable<> {
            witness w(log, "body");
            co_await out(1);
            co_await sleep_for(1h);
        };
        auto body = [&](executor loop) -> awaitable<> {
            witness w(log, "asker");
            generator<int> reader(loop, sleeps, log);
            co_await reader.next();
            if (asking)
                co_await reader.next();
            else
                co_await sleep_for(1h);
        };
        {
            boost::asio::io_context loop;
            boost::asio::co_spawn(loop, body(loop.get_executor()), boost::asio::detached);
            loop.poll();
            CHECK(log->empty());
        }
        std::sort(log->begin(), log->end());
        CHECK(*log == log_of{"asker gone", "body gone"});
        CHECK(log.use_count() == 1);
    }
}
