#pragma once

#include "benchmarks/support/memory.h"
#include <oneloop/sleep.hpp>

/// Makes `count` of something with `make`, which keeps it, prints what each takes, and ends the program as it
/// stands.
template <class Make>
oneloop::awaitable<> measure_memory(int count, Make make) {
    constexpr int first = 10; // what the first of them bring into being, all others share
    constexpr auto calm = std::chrono::milliseconds(200);
    memory before{};
    for (int made = 0; made < first + count; ++made) {
        if (made == first) {
            co_await oneloop::sleep_for(calm);
            before = memory_now();
        }
        co_await make();
    }
    co_await oneloop::sleep_for(calm);
    memory_print(before, memory_now(), count);
    std::_Exit(0);
}
