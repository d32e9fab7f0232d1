// Two coroutines hand control to one another on one thread: 1, 3, 2, 4.

#include <oneloop/core.hpp>

#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<> first() {
    std::cout << "1 (first coroutine begins)\n";
    co_await sleep_for(0s); // "the others, please": zero is one turn of the loop
    std::cout << "2 (first coroutine ends)\n";
}

awaitable<> second() {
    std::cout << "3 (second coroutine begins)\n";
    co_await sleep_for(0s);
    std::cout << "4 (second coroutine ends)\n";
}

awaitable<> program() {
    co_await gather(first(), second());
}

int main() {
    return run_main(program());
}
