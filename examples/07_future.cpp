// One task waits for a future, another one completes it.

#include <oneloop/core.hpp>

#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<> waits(future<std::string> message) {
    std::cout << "waiting\n";
    const auto text = co_await message.get();
    std::cout << "got: " << text << "\n";
}

awaitable<> completes(promise<std::string> message) {
    co_await sleep_for(100ms);
    std::cout << "completing it\n";
    message.set_value("the future is done");
}

awaitable<> gives_up(promise<std::string>) {
    co_return; // the promise goes without a value
}

awaitable<> program() {
    promise<std::string> message;
    auto later = message.get_future();
    co_await gather(waits(std::move(later)), completes(std::move(message)));

    promise<std::string> broken;
    auto never = broken.get_future();
    try {
        co_await gather(waits(std::move(never)), gives_up(std::move(broken)));
    } catch (const error& e) {
        std::cout << e.what() << "\n";
    }
}

int main() {
    return run_main(program());
}

//> waiting
//> completing it
//> got: the future is done
//> waiting
//> the promise was destroyed without a value
