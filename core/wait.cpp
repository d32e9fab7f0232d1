#include <oneloop/timeout.hpp>
#include <oneloop/wait.hpp>

#include <algorithm>
#include <deque>

namespace oneloop::detail {

namespace {

// One wait for several tasks.
class countdown {
public:
    countdown(const executor& loop, std::size_t left)
        : left_(left), reached_(std::make_shared<wait_list>(loop)) {}

    void count(task_end& task) {
        if (left_ == 0)
            return;
        if (task.done())
            --left_;
        else
            task.notify(watches_.emplace_back(*this));
    }

    bool reached() const noexcept { return left_ == 0; }
    wait_list& wait() const noexcept { return *reached_; }

private:
    void one_less() {
        if (left_ == 0)
            return;
        --left_;
        if (left_ == 0)
            reached_->notify_all();
    }

    struct watch final : end_watch {
        explicit watch(countdown& o) : of(o) {}
        void ended() override { of.one_less(); }
        countdown& of;
    };

    std::size_t left_;
    std::shared_ptr<wait_list> reached_;
    std::deque<watch> watches_;
};

} // namespace

awaitable<void> wait_for_ends(ends tasks, std::size_t enough, std::chrono::steady_clock::duration limit) {
    countdown left(co_await this_coro::executor, std::min(enough, tasks.size()));
    for (const auto& task : tasks)
        left.count(*task);
    if (left.reached())
        co_return;
    if (limit == no_limit) {
        co_await left.wait().wait();
        co_return;
    }
    auto ended = co_await timeout(limit, left.wait().wait(nothrow));
    if (ended.has_error() && ended.error() != condition::timeout)
        throw error(ended.error());
}

} // namespace oneloop::detail
