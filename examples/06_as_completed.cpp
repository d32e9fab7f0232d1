// Results in the order in which they come, two coroutines at a time; leaving early cancels the rest.

#include <oneloop/core.hpp>

#include <iostream>
#include <ranges>
#include <stdexcept>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<std::string> brew(std::string what) {
    std::cout << "begins: " << what << "\n";
    if (what == "coffee")
        throw std::runtime_error("no beans");
    co_await sleep_for(100ms * what.size()); // the longer the word …
    co_return "a cup of " + what;
}

awaitable<> program() {
    const std::vector<std::string> orders{"peppermint tea", "cocoa",        "coffee",
                                          "milk",           "orange juice", "nothing"};
    co_await with_completed(orders | std::views::transform(brew), 2, [&](auto& cups) -> awaitable<> {
        int served = 0;
        while (auto cup = co_await cups.next()) {
            std::cout << "order " << cup->index() << ": ";
            try {
                std::cout << cup->get() << "\n";
            } catch (const std::runtime_error& e) {
                std::cout << e.what() << "\n";
            }
            if (++served == 4)
                break; // what is being brewed is cancelled and awaited
        }
    });
    std::cout << "closed\n";
}

int main() {
    return run_main(program());
}

//> begins: peppermint tea
//> begins: cocoa
//> order 1: a cup of cocoa
//> begins: coffee
//> order 2: no beans
//> begins: milk
//> order 3: a cup of milk
//> begins: orange juice
//> order 0: a cup of peppermint tea
//> closed
