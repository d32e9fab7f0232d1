// Many coroutines at once: results in order, a bound, a limit of time, and what a failure does.

#include <oneloop/core.hpp>

#include <iostream>
#include <ranges>
#include <stdexcept>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<std::string> work(int number) {
    co_await sleep_for(100ms * (6 - number)); // the later it was started, the sooner it is done
    std::cout << number << " " << std::flush;
    co_return std::to_string(number * number);
}

awaitable<int> fail() {
    co_await sleep_for(50ms);
    throw std::runtime_error("this one failed");
}

awaitable<> program() {
    std::cout << "done in the order ";
    auto squares = co_await gather(std::views::iota(1, 6) | std::views::transform(work));
    std::cout << "- results in the order given:";
    for (const auto& square : squares)
        std::cout << " " << square;

    std::cout << "\nat most two at once: ";
    co_await gather(std::views::iota(1, 6) | std::views::transform(work), 2);

    std::cout << "\ndifferent kinds together: ";
    auto [text, number] = co_await gather(work(5), sleep_for(10ms, 7));
    std::cout << "- " << text << " and " << number << "\n";

    try {
        co_await gather(fail(), sleep_for(1h));
    } catch (const std::runtime_error& e) {
        std::cout << "one fails, the other is cancelled and awaited: " << e.what() << "\n";
    }
    try {
        co_await timeout(200ms, gather(sleep_for(1h), sleep_for(2h)));
    } catch (const error& e) {
        std::cout << "all of them within 200 ms: " << e.what() << "\n";
    }
}

int main() {
    return run_main(program());
}
