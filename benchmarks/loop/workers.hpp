#pragma once

#include "benchmarks/support/stopwatch.hpp"
#include <oneloop/task.hpp>

/// Has `operations` of them done by so many coroutines at once and prints what each cost; a tenth as many go
/// before, unmeasured. `work(n)` is a coroutine that does n of them, one after the other.
template <class Work>
oneloop::awaitable<> measure_work(int at_once, int operations, Work work) {
    auto all = [&](oneloop::task_group& tasks, int each) -> oneloop::awaitable<> {
        for (int i = 0; i < at_once; ++i)
            tasks.spawn(work(each));
        co_return;
    };
    const int each = operations / at_once;
    co_await oneloop::with_task_group(all, each / 10 + 1);
    const stopwatch time;
    co_await oneloop::with_task_group(all, each);
    time.print(each * at_once);
}
