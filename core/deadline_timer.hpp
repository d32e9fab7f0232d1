#pragma once

#include "core/loop_timer.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/deadline.hpp>

#include <functional>
#include <map>
#include <memory>

namespace oneloop {

/// Many deadlines on one timer. An entry's deadline is looked at when it is reached and may have moved by
/// then: whoever is called back gives the new one or leaves. So progress costs nothing here.
class deadline_timer {
public:
    using key = void*;
    /// Called with what was registered; `deadline::never()` takes it off, any other puts it back.
    using check_function = std::function<deadline(key)>;

    deadline_timer(const executor& loop, check_function check) : timer_(loop), check_(std::move(check)) {}

    /// Registers `k`, or moves it to an earlier deadline. A later one need not be told.
    void watch(key k, deadline at);
    void forget(key k);

    /// Lets go of the timer, which otherwise keeps the loop running; it is set again by watch().
    void rest();

private:
    using order = std::multimap<deadline, key>;

    void arm();
    void fire();

    loop_timer timer_;
    check_function check_;
    order by_time_;
    std::map<key, order::iterator> by_key_;
    deadline armed_for_;
    bool armed_ = false;
    std::shared_ptr<char> alive_ =
        std::make_shared<char>(); // a timer that has gone off cannot be called back
};

} // namespace oneloop
