#pragma once

/// Coroutines that run beside one another.
///
///     co_await with_task_group([&](task_group& tasks) -> awaitable<> {
///         auto first = tasks.spawn(download(a));   // runs from the next turn of the loop on
///         auto second = tasks.spawn(download(b), "b");
///         use(co_await first.get(), co_await second.get());
///     });                                           // here nothing of it runs any more
///
/// To wait for several of them, for the first, or until a deadline: `wait.hpp`.

#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/task_state.hpp>
#include <oneloop/error.hpp>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace oneloop {

namespace detail {
struct end_of;
}

/// A handle to a coroutine that was started, whatever it gives: so tasks of several types can be kept in one
/// container. Copies mean the same coroutine, and compare equal.
class any_task {
public:
    /// What `spawn` was told; empty if nothing.
    const std::string& name() const noexcept { return end_->name; }

    /// True once it has ended, in whichever way.
    bool done() const noexcept { return end_->done(); }

    /// What it threw; null while it runs, and if it threw nothing. Whoever asks knows of the failure.
    std::exception_ptr exception() const {
        if (end_->done())
            end_->seen();
        return end_->failed_with();
    }

    /// Asks the coroutine to end: its next or present `co_await` throws. `get()` then reports
    /// `condition::cancelled`; the other tasks of the group are not touched.
    void cancel() const {
        if (auto c = child_.lock())
            c->cancel();
    }

    friend bool operator==(const any_task& a, const any_task& b) noexcept { return a.end_ == b.end_; }

private:
    friend struct detail::end_of;
    template <class>
    friend class task;

    any_task(std::shared_ptr<detail::task_end> end, std::weak_ptr<detail::child> c)
        : end_(std::move(end)), child_(std::move(c)) {}

    std::shared_ptr<detail::task_end> end_;
    std::weak_ptr<detail::child> child_;
};

/// A coroutine that was started and can be awaited later. A cheap handle: copies mean the same coroutine, and
/// the group keeps it running when every handle is gone.
template <class T = void>
class task : public any_task {
public:
    using value_type = T;

    /// Waits for the end and gives the value, or throws what the coroutine threw. A value can be taken once.
    /// Cancelling the wait leaves the task running.
    [[nodiscard]] awaitable<T> get() const {
        return detail::task_state<T>::get(std::static_pointer_cast<detail::task_state<T>>(end_));
    }

private:
    friend class task_group;
    task(std::shared_ptr<detail::task_state<T>> state, std::weak_ptr<detail::child> c)
        : any_task(std::move(state), std::move(c)) {}
};

/// Starts tasks that may not outlive the scope. Made by `with_task_group` only: a group as a plain local
/// variable could not await its tasks when it goes out of scope, and they would go on with references to what
/// is no longer there.
class task_group {
public:
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    /// Starts `body` on the next turn of the loop, never inside this call; beyond the group's bound it waits
    /// for its turn. If it throws, the other tasks and the group's body are cancelled, and `with_task_group`
    /// throws the same.
    template <class T>
    task<T> spawn(awaitable<T> body, std::string name = std::string()) {
        return start(std::move(body), std::move(name), detail::failing::ends_all);
    }

    /// The same for a task whose failure is its own affair, as with asyncio's `create_task`: if it throws,
    /// the others go on, and `get()` throws it. A failure that nobody has asked for (with `get()` or
    /// `exception()`) when the last handle goes disturbs nobody either, but is not lost: `with_task_group`
    /// throws it when everything has ended, unless something else was thrown.
    template <class T>
    task<T> spawn_isolated(awaitable<T> body, std::string name = std::string()) {
        return start(std::move(body), std::move(name), detail::failing::stays_here);
    }

    /// Cancels every task and the body of the group.
    void cancel() { nursery_->cancel(); }

private:
    template <class Body, class... Args>
    friend awaitable<void> with_bounded_task_group(std::size_t, Body, Args...);
    explicit task_group(std::shared_ptr<detail::nursery> n) : nursery_(std::move(n)) {}

    template <class T>
    task<T> start(awaitable<T> body, std::string name, detail::failing whose) {
        auto state = std::make_shared<detail::task_state<T>>(nursery_->loop());
        state->name = std::move(name);
        if (whose == detail::failing::stays_here)
            state->when_unseen(nursery_);
        auto c = nursery_->start(
            detail::task_state<T>::fill(state, std::move(body)),
            [state](std::exception_ptr why) { state->end(std::move(why)); }, whose
        );
        return task<T>(std::move(state), c);
    }

    std::shared_ptr<detail::nursery> nursery_;
};

/// Runs `body(group, args…)`, then waits for every task it spawned. If the body or a task throws, or this is
/// cancelled, all are cancelled and awaited first; then the first exception is thrown on.
///
/// The body's own local variables are gone when the body has ended, while tasks may still run: what tasks
/// refer to belongs outside of the body, or into the tasks' own parameters, or the body awaits them with
/// `get()`.
///
/// At most `bound` tasks run at once. `body` may be a lambda that captures by reference; give what it has to
/// own as `args`, because g++ 12.2 destroys a lambda's own captures twice in a `co_await` expression.
template <class Body, class... Args>
[[nodiscard]] awaitable<void> with_bounded_task_group(std::size_t bound, Body body, Args... args) {
    auto nursery = std::make_shared<detail::nursery>(co_await this_coro::executor, bound);
    task_group group(nursery);
    std::exception_ptr never_began; // a body that is a plain function may throw after it has spawned
    try {
        // Not one of the bounded: it would take the only place and wait for its own tasks.
        nursery->start_beside(std::invoke(body, group, std::move(args)...));
    } catch (...) {
        never_began = std::current_exception();
        nursery->cancel();
    }
    co_await detail::nursery::join(nursery);
    if (never_began)
        std::rethrow_exception(never_began);
}

template <class Body, class... Args>
requires std::is_invocable_v<Body, task_group&, Args...>
[[nodiscard]] awaitable<void> with_task_group(Body body, Args... args) {
    return with_bounded_task_group(detail::nursery::unbounded, std::move(body), std::move(args)...);
}

} // namespace oneloop
