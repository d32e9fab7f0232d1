// Functions that block run on threads and are awaited; any other thread completes a promise.

#include <oneloop/core.hpp>

#include <iostream>
#include <ranges>
#include <thread>

using namespace oneloop;
using namespace std::chrono_literals;

int slow_square(int number) {
    std::this_thread::sleep_for(1s); // a file, a synchronous library, a long computation
    return number * number;
}

awaitable<> program() {
    const auto begin = std::chrono::steady_clock::now();
    auto start = [](int number) { return run_blocking(slow_square, number); };
    auto squares = co_await gather(std::views::iota(1, 6) | std::views::transform(start));
    for (int square : squares)
        std::cout << square << " ";
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::cout << "\nfive times one second took " << took.count() << " s\n";

    blocking_pool two_threads(2);
    std::cout << "6 * 6 on a pool of its own: " << co_await run_blocking(two_threads, slow_square, 6) << "\n";

    promise<int> square; // for a thread that is there already, such as that of another library
    auto later = square.get_future();
    std::jthread other([mine = std::move(square)]() mutable { mine.set_value(slow_square(7)); });
    std::cout << "7 * 7 from another thread: " << co_await later.get() << "\n";
}

int main() {
    return run_main(program());
}
