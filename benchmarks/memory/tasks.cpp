// What a coroutine takes that sleeps, and a task that has ended and whose value nobody has taken yet.
//   memory_tasks sleep|task|done COUNT

#include "benchmarks/memory/measure.hpp"
#include <oneloop/run.hpp>
#include <oneloop/task.hpp>

#include <string>
#include <vector>

using namespace oneloop;

awaitable<int> nap(std::chrono::seconds time) {
    co_await sleep_for(time);
    co_return 1;
}

awaitable<> nap_alone() {
    co_await nap(std::chrono::hours(1));
}

awaitable<> program(std::string kind, int count) {
    const auto loop = co_await this_coro::executor;
    std::vector<task<int>> kept;
    auto in_group = [&](task_group& tasks) -> awaitable<> {
        auto make = [&]() -> awaitable<> {
            if (kind == "sleep")
                spawn(loop, nap_alone());
            else
                kept.push_back(tasks.spawn(nap(kind == "task" ? std::chrono::hours(1) : std::chrono::hours(0))
                ));
            co_return;
        };
        co_await measure_memory(count, make);
    };
    co_await with_task_group(in_group);
}

int main(int, char** argv) {
    return run_main(program(argv[1], std::stoi(argv[2])));
}
