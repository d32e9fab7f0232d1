#pragma once

/// Waiting for several tasks of a `task_group`: for all, for the first, or until a deadline.
///
///     std::vector<task<page>> tasks = …                // by tasks.spawn_isolated(fetch(url), url)
///     auto [done, pending] = co_await wait(tasks, 2s); // in the order in which they were given
///     for (auto& late : pending)
///         late.cancel();
///
/// As `asyncio.wait`: nothing is cancelled, and what a task threw is not thrown here but by its `get()`. A
/// task that failed is done. Of tasks started with plain `spawn`, the first failure cancels the whole group,
/// those who wait included; `spawn_isolated` starts tasks whose failure waits for `get()`.
///
/// Cancelling a wait ends it at once with `condition::cancelled` and leaves the tasks running. It is awaited
/// on the loop of the tasks. Handles are copied: a wait needs nothing to outlive it.

#include <oneloop/task.hpp>

#include <chrono>
#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace oneloop {

/// What has ended and what has not, each in the order in which the tasks were given.
template <class Task>
class waited {
public:
    waited() = default;

    std::vector<Task> done, pending;
};

namespace detail {

using ends = std::vector<std::shared_ptr<task_end>>;

struct end_of {
    static const std::shared_ptr<task_end>& get(const any_task& t) noexcept { return t.end_; }
};

inline constexpr auto no_limit = std::chrono::steady_clock::duration::max();

// Until so many of them have ended, but no longer than `limit`.
awaitable<void> wait_for_ends(ends tasks, std::size_t enough, std::chrono::steady_clock::duration limit);

template <class Task>
awaitable<waited<Task>> wait_for(
    std::vector<Task> tasks, std::size_t enough, std::chrono::steady_clock::duration limit
) {
    ends all;
    all.reserve(tasks.size());
    for (const any_task& t : tasks)
        all.push_back(end_of::get(t));
    co_await wait_for_ends(std::move(all), enough, limit);
    waited<Task> found;
    for (auto& t : tasks)
        (t.done() ? found.done : found.pending).push_back(std::move(t));
    co_return found;
}

template <class Range>
auto listed(Range&& tasks) {
    std::vector<std::ranges::range_value_t<Range>> all;
    for (auto&& t : tasks)
        all.push_back(t);
    return all;
}

} // namespace detail

template <class Range>
concept range_of_tasks =
    std::ranges::input_range<Range> && std::derived_from<std::ranges::range_value_t<Range>, any_task>;

/// Until all have ended, or `limit` has passed; without one, `pending` is empty. Zero or less gives them one
/// turn of the loop.
template <range_of_tasks Range>
[[nodiscard]] auto wait(Range&& tasks, std::chrono::steady_clock::duration limit = detail::no_limit) {
    auto all = detail::listed(tasks);
    const auto enough = all.size();
    return detail::wait_for(std::move(all), enough, limit);
}

/// Until the first has ended, whether it gave a value or threw, or `limit` has passed. `done` may hold more
/// than one; of no tasks at all, nothing is waited for.
template <range_of_tasks Range>
[[nodiscard]] auto wait_first(Range&& tasks, std::chrono::steady_clock::duration limit = detail::no_limit) {
    return detail::wait_for(detail::listed(tasks), 1, limit);
}

/// The same for tasks of different types, one by one: `auto [done, pending] = co_await wait(2s, page, row);`
/// gives handles to compare with: `if (done.front() == page) use(co_await page.get());`
template <class... T>
[[nodiscard]] awaitable<waited<any_task>> wait(std::chrono::steady_clock::duration limit, task<T>... tasks) {
    return detail::wait_for(std::vector<any_task>{tasks...}, sizeof...(T), limit);
}
template <class... T>
requires(sizeof...(T) > 0) [[nodiscard]] awaitable<waited<any_task>> wait(task<T>... tasks) {
    return detail::wait_for(std::vector<any_task>{tasks...}, sizeof...(T), detail::no_limit);
}
template <class... T>
[[nodiscard]] awaitable<waited<any_task>> wait_first(
    std::chrono::steady_clock::duration limit, task<T>... tasks
) {
    return detail::wait_for(std::vector<any_task>{tasks...}, 1, limit);
}
template <class... T>
requires(sizeof...(T) > 0) [[nodiscard]] awaitable<waited<any_task>> wait_first(task<T>... tasks) {
    return detail::wait_for(std::vector<any_task>{tasks...}, 1, detail::no_limit);
}

} // namespace oneloop
