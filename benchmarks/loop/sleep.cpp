// Coroutines that give way or wait, without any socket: loop_sleep AT_ONCE OPERATIONS MILLISECONDS

#include "benchmarks/loop/workers.hpp"
#include <oneloop/run.hpp>
#include <oneloop/sleep.hpp>

#include <string>

using namespace oneloop;

awaitable<> program(int at_once, int operations, int longest) {
    int begun = 0;
    auto work = [&](int times) -> awaitable<> {
        // Spread, so that the timers do not all end at once
        const std::chrono::microseconds time(longest * 1000LL * ++begun / at_once % (longest * 1000LL + 1));
        for (int i = 0; i < times; ++i)
            co_await sleep_for(time);
    };
    co_await measure_work(at_once, operations, std::ref(work));
}

int main(int, char** argv) {
    return run_main(program(std::stoi(argv[1]), std::stoi(argv[2]), std::stoi(argv[3])));
}
