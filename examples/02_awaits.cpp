// A coroutine awaits a sleep and another coroutine; results come back through the chain.

#include <oneloop/core.hpp>

#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<int> slow_number() {
    std::cout << "asking for a number …\n";
    co_return co_await sleep_for(500ms, 21);
}

awaitable<int> twice() {
    const int number = co_await slow_number();
    co_return 2 * number;
}

awaitable<> program() {
    const int answer = co_await twice();
    std::cout << "the answer is " << answer << "\n";
    try {
        co_await timeout(100ms, twice());
    } catch (const error& e) {
        std::cout << "asked again, with less patience: " << e.what() << "\n";
    }
}

int main() {
    return run_main(program());
}
