#pragma once

#include <oneloop/clock.hpp>
#include <oneloop/detail/wait_list.hpp>

#include <cstddef>
#include <map>
#include <memory>

namespace oneloop {

class virtual_wait;

/// Time that stands still until it is told to jump to where somebody waits for it. While one exists, it is
/// the time of its thread: loop_clock reads it, and every loop_timer waits for it. Nothing of it may be
/// touched from another thread, but for holds.
class virtual_time {
public:
    using time_point = loop_clock::time_point;

    virtual_time(); ///< throws std::logic_error if this thread has one already
    ~virtual_time();
    virtual_time(const virtual_time&) = delete;
    virtual_time& operator=(const virtual_time&) = delete;

    /// That of this thread, or null.
    static virtual_time* here() noexcept;

    time_point now() const noexcept { return now_; }

    /// Goes on to the next point for which somebody waits, and tells all who wait for it. False if there is
    /// none, or somebody holds the time.
    bool jump();

    /// Timers that somebody waits for.
    std::size_t timers() const;

    /// As long as a copy of it lives, time does not jump: a thread is at work for somebody on this loop. Null
    /// where time is real. May be let go of on any thread.
    using hold = std::shared_ptr<const int>;
    static hold stop();
    bool held() const noexcept { return holds_.use_count() > 1; }

private:
    friend class virtual_wait;
    using queue = std::multimap<time_point, virtual_wait*>;

    time_point now_ = std::chrono::steady_clock::now();
    std::shared_ptr<queue> queue_ = std::make_shared<queue>(); // a timer may outlive the time
    hold holds_ = std::make_shared<int>();
};

/// What a timer is in virtual time.
class virtual_wait {
public:
    virtual_wait() = default;
    ~virtual_wait() { cancel(); }
    virtual_wait(const virtual_wait&) = delete;
    virtual_wait& operator=(const virtual_wait&) = delete;

    void wait(virtual_time&, virtual_time::time_point until, const executor& loop, detail::completion<>);
    void cancel();

private:
    friend class virtual_time;
    bool waits() const noexcept { return !list_->empty(); }
    void leave_queue();

    std::shared_ptr<virtual_time::queue> queue_; // while it has a place there
    virtual_time::queue::iterator place_;
    std::shared_ptr<detail::wait_list> list_;
};

} // namespace oneloop
