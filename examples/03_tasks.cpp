// Two tasks that sleep 2 s each, started first and awaited later, take 2 s together.

#include <oneloop/core.hpp>

#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<std::string> say_after(std::chrono::seconds delay, std::string words) {
    co_await sleep_for(delay);
    std::cout << words << "\n";
    co_return words + " was said";
}

awaitable<> program() {
    const auto begin = std::chrono::steady_clock::now();
    co_await with_task_group([](task_group& tasks) -> awaitable<> {
        auto hello = tasks.spawn(say_after(2s, "hello"));
        auto world = tasks.spawn(say_after(2s, "world"));
        std::cout << "both were started; neither has run yet\n";
        std::cout << co_await hello.get() << "\n";
        std::cout << co_await world.get() << "\n";
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::cout << "together: " << took.count() << " s\n";
}

int main() {
    return run_main(program());
}
