#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include <oneloop/gather.hpp>
#include <oneloop/testing.hpp>

#include <array>
#include <list>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("gather gives results in the order of the coroutines", "[gather]") {
    run_test([]() -> awaitable<> {
        log_of log;
        std::vector<awaitable<int>> all;
        for (int i = 0; i < 5; ++i)
            all.push_back(number_after(10 - 2 * i, i, &log));
        const auto values = co_await gather(std::move(all));
        CHECK(values == std::vector<int>{0, 1, 2, 3, 4});
        CHECK(log == log_of{"4", "3", "2", "1", "0"}); // which was not the order of their ends
    });
}

TEST_CASE("gather takes any range of coroutines", "[gather]") {
    run_test([]() -> awaitable<> {
        std::list<awaitable<int>> list;
        list.push_back(number_after(1, 1));
        const auto from_list = co_await gather(std::move(list));
        CHECK(from_list == std::vector<int>{1});

        const std::vector<int> numbers{3, 4, 5};
        const auto from_view =
            co_await gather(numbers | std::views::transform([](int n) { return number_after(1, n); }));
        CHECK(from_view == numbers);

        auto even = numbers | std::views::filter([](int n) { return n % 2 == 0; }) |
                    std::views::transform([](int n) { return number_after(1, n); });
        const auto filtered = co_await gather(even);
        CHECK(filtered == std::vector<int>{4});
    });
}

TEST_CASE("gather of nothing gives nothing", "[gather]") {
    run_test([]() -> awaitable<> {
        std::vector<awaitable<int>> none;
        const auto values = co_await gather(std::move(none));
        CHECK(values.empty());
        std::vector<awaitable<>> nothing;
        co_await gather(std::move(nothing), 3);
    });
}

TEST_CASE("gather of coroutines that give nothing gives nothing", "[gather]") {
    run_test([]() -> awaitable<> {
        int ended = 0;
        auto job = [&]() -> awaitable<> {
            co_await sleep_for(0s);
            ++ended;
        };
        std::vector<awaitable<>> jobs;
        for (int i = 0; i < 3; ++i)
            jobs.push_back(job());
        co_await gather(std::move(jobs));
        CHECK(ended == 3);
    });
}

TEST_CASE("gather gives what can only be moved, and has no default", "[gather]") {
    struct only_moved {
        explicit only_moved(int n) : value(std::make_unique<int>(n)) {}
        std::unique_ptr<int> value;
    };
    run_test([]() -> awaitable<> {
        auto make = [](int n) -> awaitable<only_moved> {
            co_await sleep_for(0s);
            co_return only_moved(n);
        };
        const std::array<int, 2> numbers{1, 2};
        const auto values = co_await gather(numbers | std::views::transform(make));
        CHECK(*values.at(1).value == 2);
    });
}

TEST_CASE("gather of some coroutines gives a tuple", "[gather]") {
    run_test([]() -> awaitable<> {
        const auto [number, nothing, text] =
            co_await gather(number_after(3, 7), sleep_for(0s), sleep_for(0s, std::string("text")));
        CHECK(number == 7);
        CHECK(nothing == std::monostate());
        CHECK(text == "text");
    });
}

TEST_CASE("gather runs no more at once than it is told", "[gather]") {
    testing::run([]() -> awaitable<> {
        std::size_t running = 0, most = 0;
        auto job = [&](int n) -> awaitable<int> {
            most = std::max(most, ++running);
            co_await sleep_for(1ms);
            --running;
            co_return n;
        };
        const auto values =
            co_await gather(std::views::iota(0, 10) | std::views::transform(std::ref(job)), 3);
        CHECK(most == 3);
        CHECK(values.size() == 10);
        CHECK(values.back() == 9);
        const auto none = co_await gather(std::views::iota(0, 2) | std::views::transform(std::ref(job)), 0);
        CHECK(none.size() == 2); // a bound of 0 is one of 1
    });
}

TEST_CASE("gather makes a coroutine of a lazy range when it is its turn", "[gather]") {
    run_test([]() -> awaitable<> {
        int made = 0, ended = 0, most_ahead = 0;
        auto job = [&](int) -> awaitable<> {
            co_await sleep_for(0s);
            ++ended;
        };
        auto make = [&](int n) {
            most_ahead = std::max(most_ahead, ++made - ended);
            return job(n);
        };
        co_await gather(std::views::iota(0, 20) | std::views::transform(std::ref(make)), 2);
        CHECK(made == 20);
        CHECK(ended == 20);
        CHECK(most_ahead <= 2);
    });
}
