#pragma once

#include "core/loop_timer.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/deadline.hpp>

#include <boost/intrusive/set.hpp>

#include <functional>
#include <memory>

namespace oneloop {

/// Many deadlines on one timer. An entry's deadline is looked at when it is reached and may have moved by
/// then: whoever is called back gives the new one or leaves. So progress costs nothing here.
class deadline_timer {
    using link_mode = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
    using hook = boost::intrusive::set_base_hook<link_mode>;

public:
    /// What has a deadline is derived from it, or has it as a member, so that nothing is allocated or looked
    /// for. Its end takes it off.
    class entry : public hook {
    public:
        entry() = default;
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

    private:
        friend class deadline_timer;
        friend bool operator<(const entry& a, const entry& b) noexcept { return a.at_ < b.at_; }
        deadline at_;
    };
    /// Called with what was registered, which is off then; `deadline::never()` leaves it so, any other puts
    /// it back.
    using check_function = std::function<deadline(entry&)>;

    deadline_timer(const executor& loop, check_function check) : timer_(loop), check_(std::move(check)) {}

    /// Registers `e`, or moves it to an earlier deadline. A later one need not be told.
    void watch(entry& e, deadline at);
    static void forget(entry& e) noexcept { e.unlink(); }

    /// Lets go of the timer, which otherwise keeps the loop running; it is set again by watch().
    void rest();

private:
    using order = boost::intrusive::multiset<
        entry, boost::intrusive::base_hook<hook>, boost::intrusive::constant_time_size<false>>;

    void arm();
    void fire();

    loop_timer timer_;
    check_function check_;
    order by_time_;
    deadline armed_for_;
    bool armed_ = false;
    std::shared_ptr<char> alive_ =
        std::make_shared<char>(); // a timer that has gone off cannot be called back
};

} // namespace oneloop
