#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/as_completed.hpp>
#include <oneloop/future.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <ranges>
#include <set>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("outcomes come in the order in which the coroutines end", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        auto slower_first = [](int i) { return number_after(10 * (5 - i), i * i); };
        std::vector<std::pair<std::size_t, int>> got;
        co_await with_completed(
            std::views::iota(1, 5) | std::views::transform(slower_first), 10,
            [&](auto& done) -> awaitable<> {
                while (auto item = co_await done.next())
                    got.emplace_back(item->index(), item->get());
                auto after = co_await done.next();
                CHECK_FALSE(after);
            }
        );
        CHECK(got == std::vector<std::pair<std::size_t, int>>{{3, 16}, {2, 9}, {1, 4}, {0, 1}});
    });
}

TEST_CASE("a failure is one outcome and ends nothing", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        auto odd_fail = [](int i) -> awaitable<int> {
            co_await turns(i);
            if (i % 2)
                throw std::runtime_error("odd " + std::to_string(i));
            co_return i;
        };
        log_of log;
        co_await with_completed(
            std::views::iota(0, 6) | std::views::transform(odd_fail), 2,
            [&](completed<int>& done) -> awaitable<> {
                while (auto item = co_await done.next())
                    try {
                        log.push_back(std::to_string(item->get()));
                        CHECK_FALSE(item->exception());
                    } catch (const std::runtime_error& e) {
                        CHECK(item->exception());
                        log.push_back(e.what());
                    }
            }
        );
        std::sort(log.begin(), log.end());
        CHECK(log == log_of{"0", "2", "4", "odd 1", "odd 3", "odd 5"});
    });
}

TEST_CASE("coroutines without a value, of a container", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        std::vector<awaitable<>> all;
        all.push_back(turns(9));
        all.push_back(fails_after(1, "why"));
        log_of log;
        co_await with_completed(std::move(all), 5, [&](auto& done) -> awaitable<> {
            while (auto item = co_await done.next())
                log.push_back(std::to_string(item->index()) + (item->exception() ? " failed" : " ended"));
        });
        CHECK(log == log_of{"1 failed", "0 ended"});
    });
}

TEST_CASE("no coroutine is made before there is a place for it", "[as_completed]") {
    for (std::size_t bound : {0, 1, 3})
        testing::run([bound]() -> awaitable<> {
            const int most = bound ? static_cast<int>(bound) : 1;
            int made = 0, taken = 0, running = 0, most_running = 0;
            auto job = [&](int i) -> awaitable<int> {
                most_running = std::max(most_running, ++running);
                co_await turns(2);
                --running;
                co_return i;
            };
            auto make = [&](int i) {
                ++made;
                return job(i);
            };
            auto body = [&](auto& done) -> awaitable<> {
                while (auto item = co_await done.next()) {
                    ++taken;
                    co_await turns(20); // slow: what has ended meanwhile keeps its place
                    CHECK(made <= taken + most);
                }
            };
            co_await with_completed(std::views::iota(0, 12) | std::views::transform(make), bound, body);
            CHECK(taken == 12);
            CHECK(most_running == most);
        });
}

TEST_CASE("leaving early cancels and awaits the rest", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        int made = 0;
        auto job = [&](int i) -> awaitable<int> {
            if (i == 1)
                co_return 1;
            co_await slow_to_end(log, std::to_string(i));
            co_return i;
        };
        auto make = [&](int i) {
            ++made;
            return job(i);
        };
        int first = 0;
        co_await with_completed(
            std::views::iota(0, 100) | std::views::transform(make), 2,
            [&](auto& done) -> awaitable<> {
                auto item = co_await done.next();
                first = item->get();
                co_await turns(3);
            }
        );
        CHECK(first == 1);
        CHECK(made == 3);
        CHECK(log.size() == 6);
        CHECK(std::count(log.begin(), log.end(), "0 ended") == 1);
        CHECK(std::count(log.begin(), log.end(), "2 ended") == 1);
    });
}

TEST_CASE("a body that throws cancels and awaits the rest, and its exception is thrown", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        for (bool coroutine : {true, false}) {
            log_of log;
            auto job = [&](int) -> awaitable<> { return slow_to_end(log, "job"); };
            auto body = [&](completed<void>&) -> awaitable<> {
                if (coroutine)
                    return fails_after(5, "body");
                throw std::runtime_error("body");
            };
            auto all = with_completed(std::views::iota(0, 100) | std::views::transform(job), 1, body);
            const auto why = co_await caught(std::move(all));
            REQUIRE(why);
            CHECK_THROWS_WITH(std::rethrow_exception(why), "body");
            CHECK(log == (coroutine ? log_of{"job began", "job cancelled", "job ended"} : log_of{}));
        }
    });
}

TEST_CASE("what walking the range throws comes after what had begun", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        for (int bad : {0, 2}) {
            auto make = [&](int i) {
                if (i == bad)
                    throw std::runtime_error("range");
                return number_after(3, i);
            };
            std::vector<int> got;
            bool after = true;
            std::exception_ptr inside;
            auto body = [&](completed<int>& done) -> awaitable<> {
                try {
                    while (auto item = co_await done.next())
                        got.push_back(item->get());
                } catch (...) {
                    inside = std::current_exception();
                }
                auto item = co_await done.next();
                after = item.has_value();
            };
            co_await with_completed(std::views::iota(0, 9) | std::views::transform(make), 5, body);
            REQUIRE(inside);
            CHECK_THROWS_WITH(std::rethrow_exception(inside), "range");
            CHECK(static_cast<int>(got.size()) == bad);
            CHECK_FALSE(after);
        }
    });
}

TEST_CASE("an empty range gives nothing", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        int given = 0, ran = 0;
        co_await with_completed(std::vector<awaitable<int>>(), 5, [&](auto& done) -> awaitable<> {
            ++ran;
            while (auto item = co_await done.next())
                ++given;
        });
        CHECK(ran == 1);
        CHECK(given == 0);
    });
}

TEST_CASE("a next that is cancelled takes nothing", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        promise<int> late;
        auto answer = late.get_future();
        std::vector<awaitable<int>> all;
        all.push_back(answer.get());
        std::exception_ptr why;
        int got = 0;
        co_await with_completed(std::move(all), 1, [&](auto& done) -> awaitable<> {
            why = co_await caught(timeout(1ms, done.next()));
            late.set_value(7);
            auto item = co_await done.next();
            got = item->get();
        });
        CHECK(failure_of(why) == condition::timeout);
        CHECK(got == 7);
    });
}

TEST_CASE("several take outcomes, each goes to one of them", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        std::multiset<int> got;
        int finished = 0;
        auto make = [](int i) { return number_after(i % 3, i); };
        auto taker = [&](completed<int>& done) -> awaitable<> {
            while (auto item = co_await done.next())
                got.insert(item->get());
            ++finished;
        };
        co_await with_completed(
            std::views::iota(0, 50) | std::views::transform(make), 4,
            [&](completed<int>& done) -> awaitable<> {
                co_await gather(taker(done), taker(done), taker(done));
            }
        );
        CHECK(finished == 3);
        CHECK(got.size() == 50);
        CHECK(std::set<int>(got.begin(), got.end()).size() == 50);
    });
}

TEST_CASE("the body owns what it is given", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        int sum = 0;
        auto body = [&](completed<int>& done, std::unique_ptr<int> mine) -> awaitable<> {
            while (auto item = co_await done.next())
                sum += item->get() + *mine;
        };
        std::vector<awaitable<int>> all;
        all.push_back(number_after(1, 1));
        all.push_back(number_after(1, 2));
        auto mine = std::make_unique<int>(10);
        co_await with_completed(std::move(all), 2, body, std::move(mine));
        CHECK(sum == 23);
    });
}

TEST_CASE("ten thousand coroutines need the memory of the few that are in hand", "[as_completed]") {
    run_test([]() -> awaitable<> {
        struct counted {
            explicit counted(int& n) : alive(n) { ++alive; }
            counted(const counted& o) : alive(o.alive) { ++alive; }
            ~counted() { --alive; }
            int& alive;
        };
        int alive = 0, most = 0;
        long sum = 0;
        auto job = [&](int i, counted) -> awaitable<int> {
            most = std::max(most, alive);
            co_await sleep_for(0s);
            co_return i;
        };
        auto make = [&](int i) { return job(i, counted(alive)); };
        co_await with_completed(
            std::views::iota(0, 10'000) | std::views::transform(make), 8,
            [&](auto& done) -> awaitable<> {
                while (auto item = co_await done.next())
                    sum += item->get();
            }
        );
        CHECK(sum == 10'000L * 9'999 / 2);
        CHECK(most <= 10);
        CHECK(alive == 0);
    });
}

TEST_CASE("with_completed that is cancelled awaits body and coroutines", "[as_completed]") {
    testing::run([]() -> awaitable<> {
        log_of log;
        auto job = [&](int) -> awaitable<> { return slow_to_end(log, "job"); };
        auto all = [&]() -> awaitable<> {
            co_await with_completed(
                std::views::iota(0, 9) | std::views::transform(job), 1,
                [&](auto& done) -> awaitable<> {
                    auto item = co_await done.next();
                    log.push_back("never");
                }
            );
        };
        const auto why = co_await caught(timeout(1ms, all()));
        CHECK(failure_of(why) == condition::timeout);
        CHECK(log == log_of{"job began", "job cancelled", "job ended"});
    });
}

TEST_CASE(
    "with_completed cancelled after any of its handlers leaves nothing", "[as_completed][step_cancel]"
) {
    auto make = [](int i) { return number_after(i % 4, i); };
    const auto steps = step_cancel_awaitable([&](executor) -> awaitable<> {
        co_await with_completed(
            std::views::iota(0, 6) | std::views::transform(make), 2,
            [](auto& done) -> awaitable<> {
                while (auto item = co_await done.next())
                    co_await sleep_for(0s);
            }
        );
    });
    CHECK(steps > 20);
}

TEST_CASE("with_completed is destroyed with its loop", "[as_completed][shutdown]") {
    int gone = 0;
    struct witness {
        int& gone;
        ~witness() { ++gone; }
    };
    auto job = [&](int i) -> awaitable<int> {
        witness w{gone};
        if (i == 1)
            co_return 1; // ended, and not taken
        co_await sleep_for(1h);
        co_return 0;
    };
    auto body = [&]() -> awaitable<> {
        const std::string held = "of the parent";
        co_await with_completed(
            std::views::iota(0, 9) | std::views::transform(job), 3,
            [&](completed<int>&) -> awaitable<> {
                witness w{gone};
                co_await sleep_for(1h);
            }
        );
    };
    {
        boost::asio::io_context loop;
        boost::asio::co_spawn(loop, body(), boost::asio::detached);
        loop.poll();
        CHECK(gone == 1);
    }
    CHECK(gone == 4);
}
