#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/cleanup.hpp>
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

awaitable<> notes(log_of& log, std::string what, int count = 3) {
    co_await turns(count);
    log.push_back(what);
}

// As a client: moved around, closed once, and tells when it is gone.
class resource {
public:
    resource(log_of& log, std::string name) : log_(&log), name_(std::move(name)) {}
    resource(resource&& other) noexcept
        : log_(std::exchange(other.log_, nullptr)), name_(std::move(other.name_)) {}
    resource& operator=(resource&&) = delete;
    ~resource() {
        if (log_)
            log_->push_back(name_ + " gone");
    }

    const std::string& name() const { return name_; }

    awaitable<> close() { return notes(*log_, name_ + " closed"); }

private:
    log_of* log_;
    std::string name_;
};

awaitable<resource> open_after(int count, log_of& log, std::string name) {
    co_await turns(count);
    log.push_back(name + " opened");
    co_return resource(log, name);
}

} // namespace

TEST_CASE("the clean-up is awaited when the body has returned", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        const int value = co_await with_cleanup(
            [&]() -> awaitable<int> {
                co_await notes(log, "body");
                co_return 7;
            },
            [&]() -> awaitable<> { return notes(log, "clean-up"); }
        );
        CHECK(value == 7);
        CHECK(log == log_of{"body", "clean-up"});
    });
}

TEST_CASE("the clean-up is awaited when the body has thrown", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        for (bool coroutine : {true, false}) {
            log_of log;
            auto body = [&]() -> awaitable<> {
                if (coroutine)
                    return fails_after(2, "body");
                throw std::runtime_error("body");
            };
            auto clean = [&]() -> awaitable<> { return notes(log, "clean-up"); };
            const auto why = co_await caught(with_cleanup(body, clean));
            REQUIRE(why);
            CHECK_THROWS_WITH(std::rethrow_exception(why), "body");
            CHECK(log == log_of{"clean-up"});
        }
    });
}

TEST_CASE("the clean-up is awaited when the body was cancelled", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto scoped = [&]() -> awaitable<> {
            co_await with_cleanup(
                []() -> awaitable<> { co_await sleep_for(1h); },
                [&]() -> awaitable<> { return notes(log, "clean-up", 10); }
            );
        };
        const auto why = co_await caught(timeout(1ms, scoped()));
        CHECK(failure_of(why) == condition::timeout);
        CHECK(log == log_of{"clean-up"});
    });
}

TEST_CASE("a second cancellation does not reach the clean-up", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto scoped = [&]() -> awaitable<> {
            co_await with_cleanup(
                []() -> awaitable<> { co_await sleep_for(1h); },
                [&]() -> awaitable<> { return notes(log, "clean-up", 30); }
            );
        };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto one = tasks.spawn(scoped());
            for (int i = 0; i < 4; ++i) {
                co_await turns(4);
                one.cancel();
            }
            CHECK(log.empty());
            const auto why = co_await caught(one.get());
            CHECK(failure_of(why) == condition::cancelled);
        });
        CHECK(log == log_of{"clean-up"});
    });
}

TEST_CASE("a cancellation during the clean-up comes too late for the value", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        bool went_on = false;
        auto scoped = [&]() -> awaitable<> {
            const int value = co_await with_cleanup(
                []() -> awaitable<int> { co_return 7; },
                [&]() -> awaitable<> { return notes(log, "clean-up", 30); }
            );
            log.push_back(std::to_string(value));
            co_await sleep_for(0s); // here the cancellation is noticed
            went_on = true;
        };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto one = tasks.spawn(scoped());
            co_await turns(8);
            one.cancel();
            const auto why = co_await caught(one.get());
            CHECK(failure_of(why) == condition::cancelled);
        });
        CHECK(log == log_of{"clean-up", "7"});
        CHECK_FALSE(went_on);
    });
}

TEST_CASE("what the clean-up throws is thrown if the body has thrown nothing", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        for (bool coroutine : {true, false}) {
            auto clean = [&]() -> awaitable<> {
                if (coroutine)
                    return fails_after(2, "clean-up");
                throw std::runtime_error("clean-up");
            };
            const auto why =
                co_await caught(with_cleanup([]() -> awaitable<int> { return number_after(1, 7); }, clean));
            REQUIRE(why);
            CHECK_THROWS_WITH(std::rethrow_exception(why), "clean-up");
        }
    });
}

TEST_CASE("if both throw, the body's exception wins and the other is told", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        std::exception_ptr hidden;
        auto told = cleanup_options().when_hidden([&](std::exception_ptr why) { hidden = why; });
        auto clean = []() -> awaitable<> { return fails_after(2, "no goodbye"); };
        {
            auto body = []() -> awaitable<> { return fails_after(1, "body"); };
            const auto why = co_await caught(with_cleanup(told, body, clean));
            CHECK_THROWS_WITH(std::rethrow_exception(why), "body");
            REQUIRE(hidden);
            CHECK_THROWS_WITH(std::rethrow_exception(hidden), "no goodbye");
        }
        {
            auto body = []() -> awaitable<> {
                throw error(failure(errc::timed_out).in(phase::receive).ended(outcome::in_doubt));
                co_return;
            };
            const auto why = co_await caught(with_cleanup(body, clean));
            const auto story = failure_of(why);
            CHECK(story == condition::timeout);
            CHECK(story.phase() == phase::receive);
            CHECK(story.outcome() == outcome::in_doubt);
            CHECK_THAT(story.message(), containing("; and the clean-up failed: no goodbye"));
        }
        {
            auto scoped = [&]() -> awaitable<> {
                co_await with_cleanup([]() -> awaitable<> { co_await sleep_for(1h); }, clean);
            };
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                auto one = tasks.spawn(scoped());
                co_await turns(4);
                one.cancel();
                const auto why = co_await caught(one.get());
                const auto story = failure_of(why);
                CHECK(story == condition::cancelled); // still
                CHECK_THAT(story.message(), containing("no goodbye"));
            });
        }
    });
}

TEST_CASE("a clean-up that hangs is cancelled after its limit", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        const auto begin = loop_clock::now();
        const auto quick = cleanup_options().limit(20ms);
        auto hangs = [&]() -> awaitable<> { return slow_to_end(log, "clean-up"); };
        const auto alone = co_await caught(with_cleanup(
            quick, []() -> awaitable<> { return turns(1); }, hangs
        ));
        CHECK(failure_of(alone) == condition::timeout);
        CHECK_THAT(failure_of(alone).limit(), containing("20 ms"));
        CHECK(log == log_of{"clean-up began", "clean-up cancelled", "clean-up ended"});
        CHECK(loop_clock::now() - begin == 20ms);
        const auto hidden = co_await caught(with_cleanup(
            quick, []() -> awaitable<> { return fails_after(1, "body"); }, hangs
        ));
        CHECK_THROWS_WITH(std::rethrow_exception(hidden), "body");
        CHECK(log.size() == 6);
    });
}

TEST_CASE("a clean-up has ten seconds if nothing else is said", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        const auto begin = loop_clock::now();
        auto scoped = with_cleanup(
            []() -> awaitable<> { return turns(1); }, []() -> awaitable<> { return sleep_for(1h); }
        );
        const auto why = co_await caught(std::move(scoped));
        CHECK(failure_of(why) == condition::timeout);
        CHECK(loop_clock::now() - begin == 10s);
    });
}

TEST_CASE("body and clean-up share the arguments", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        std::vector<int> seen;
        auto body = [](std::unique_ptr<int>& shared, std::string& name) -> awaitable<std::string> {
            co_await turns(1);
            *shared = 8;
            co_return name + "!";
        };
        auto clean = [&](std::unique_ptr<int>& shared, std::string&) -> awaitable<> {
            seen.push_back(*shared);
            co_return;
        };
        auto text = co_await with_cleanup(body, clean, std::make_unique<int>(7), std::string("name"));
        CHECK(text == "name!");
        CHECK(seen == std::vector<int>{8});
    });
}

TEST_CASE("a resource is closed, then gone", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto body = [&](resource& r, std::unique_ptr<int> mine) -> awaitable<int> {
            co_await notes(log, "using " + r.name());
            co_return *mine;
        };
        const int value = co_await with_closing(resource(log, "it"), body, std::make_unique<int>(7));
        CHECK(value == 7);
        CHECK(log == log_of{"using it", "it closed", "it gone"});
    });
}

TEST_CASE("a resource that is opened first is closed when the body throws", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto body = [](resource&) -> awaitable<> { return fails_after(1, "body"); };
        const auto why = co_await caught(with_closing(open_after(2, log, "it"), body));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "body");
        CHECK(log == log_of{"it opened", "it closed", "it gone"});
    });
}

TEST_CASE("what cannot be opened is not closed", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto opening = [&]() -> awaitable<resource> {
            throw std::runtime_error("refused");
            co_return resource(log, "it");
        };
        auto body = [](resource&) -> awaitable<> { co_return; };
        const auto why = co_await caught(with_closing(cleanup_options(), opening(), body));
        CHECK_THROWS_WITH(std::rethrow_exception(why), "refused");
        CHECK(log.empty());
    });
}

TEST_CASE("a generator is closed at the end of its scope", "[cleanup]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto items = [](yield<int>& out, log_of& log) -> awaitable<> {
            co_await out(1);
            co_await slow_to_end(log, "items");
        };
        generator<int> reader(co_await this_coro::executor, items, std::ref(log));
        int first = 0;
        co_await with_closing(std::move(reader), [&](generator<int>& r) -> awaitable<> {
            auto item = co_await r.next();
            first = *item;
            co_await caught(timeout(1ms, r.next()));
        });
        CHECK(first == 1);
        CHECK(log == log_of{"items began", "items cancelled", "items ended"});
    });
}

TEST_CASE("whatever is opened is closed, after whichever handler it is cancelled", "[cleanup][step_cancel]") {
    log_of log;
    const auto steps = step_cancel_awaitable([&](executor) -> awaitable<> {
        log.clear();
        auto checked = [&]() -> awaitable<> {
            co_await with_closing(open_after(2, log, "it"), [&](resource&) -> awaitable<> {
                return notes(log, "body");
            });
        };
        std::exception_ptr why;
        try {
            co_await checked();
        } catch (...) {
            why = std::current_exception();
        }
        const bool opened = !log.empty();
        CHECK(std::count(log.begin(), log.end(), "it closed") == opened);
        if (opened)
            CHECK(log.back() == "it gone");
        if (why)
            std::rethrow_exception(why);
    });
    CHECK(steps > 8);
}

TEST_CASE("a scope whose loop is destroyed runs destructors only", "[cleanup][shutdown]") {
    for (bool in_cleanup : {false, true}) {
        log_of log;
        auto scoped = [&]() -> awaitable<> {
            auto body = [&](resource&) -> awaitable<> {
                if (!in_cleanup)
                    co_await sleep_for(1h);
            };
            auto clean = [&](resource&) -> awaitable<> { co_await sleep_for(1h); };
            co_await with_cleanup(body, clean, resource(log, "it"));
        };
        {
            boost::asio::io_context loop;
            boost::asio::co_spawn(loop, scoped(), boost::asio::detached);
            loop.poll();
            CHECK(log.empty());
        }
        CHECK(log == log_of{"it gone"});
    }
}
