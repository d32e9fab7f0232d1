// A reader that gives 1 … 99 and ends, each number when it is asked for.

#include <oneloop/core.hpp>

#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<> numbers(yield<int>& out, int last) {
    for (int i = 1; i <= last; ++i) {
        co_await sleep_for(1ms); // a file, a database, a page of results …
        co_await out(i);         // goes on when the next one is asked for
    }
}

awaitable<> program() {
    generator<int> reader(co_await this_coro::executor, numbers, 99);
    int count = 0, sum = 0;
    while (auto item = co_await reader.next()) {
        if (*item <= 3 || *item >= 98)
            std::cout << *item << "\n";
        ++count;
        sum += *item;
    }
    std::cout << count << " numbers, together " << sum << "\n";
    auto after = co_await reader.next();
    std::cout << (after ? "something" : "nothing") << " comes after the end\n";

    generator<int> endless(co_await this_coro::executor, numbers, 1'000'000);
    auto first = co_await endless.next();
    co_await endless.close(); // the body is cancelled and awaited
    std::cout << "of a million only " << *first << " was asked for\n";
}

int main() {
    return run_main(program());
}

//> 1
//> 2
//> 3
//> 98
//> 99
//> 99 numbers, together 4950
//> nothing comes after the end
//> of a million only 1 was asked for
