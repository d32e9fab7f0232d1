// Tasks with names: what is done and what is pending by a deadline, and what became of each.

#include <oneloop/core.hpp>

#include <iostream>
#include <stdexcept>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<int> answer_after(std::chrono::milliseconds delay, int answer) {
    co_await sleep_for(delay);
    if (answer == 0)
        throw std::runtime_error("no answer");
    co_return answer;
}

void show(const char* what, const std::vector<task<int>>& tasks) {
    std::cout << what << ":";
    for (const auto& t : tasks)
        std::cout << " " << t.name();
    std::cout << "\n";
}

awaitable<> program() {
    co_await with_task_group([](task_group& group) -> awaitable<> {
        std::vector<task<int>> tasks;
        // The failure of an isolated task stays with it; that of a plain spawn() would cancel the others.
        tasks.push_back(group.spawn_isolated(answer_after(24h, 1), "slow"));
        tasks.push_back(group.spawn_isolated(answer_after(200ms, 2), "quick"));
        tasks.push_back(group.spawn_isolated(answer_after(10ms, 0), "failing"));
        tasks.push_back(group.spawn_isolated(answer_after(100ms, 4), "quicker"));

        auto first = co_await wait_first(tasks);
        show("first", first.done);

        auto [done, pending] = co_await wait(tasks, 1s); // nothing is cancelled when the second is over
        show("done", done);
        show("pending", pending);
        for (auto& finished : done)
            try {
                const int answer = co_await finished.get();
                std::cout << finished.name() << " says " << answer << "\n";
            } catch (const std::runtime_error& e) {
                std::cout << finished.name() << " failed: " << e.what() << "\n";
            }

        for (auto& late : pending)
            late.cancel();
        auto rest = co_await wait(pending);
        show("cancelled", rest.done);
    });
}

int main() {
    return run_main(program());
}

//> first: failing
//> done: quick failing quicker
//> pending: slow
//> quick says 2
//> failing failed: no answer
//> quicker says 4
//> cancelled: slow
