#include "core/deadline_timer.hpp"

#include <boost/system/error_code.hpp>

#include <vector>

namespace oneloop {

void deadline_timer::watch(key k, deadline at) {
    if (const auto known = by_key_.find(k); known != by_key_.end()) {
        if (known->second->first > at) {
            auto entry = by_time_.extract(known->second);
            entry.key() = at;
            known->second = by_time_.insert(std::move(entry));
        }
    } else {
        by_key_.emplace(k, by_time_.emplace(at, k));
    }
    arm();
}

void deadline_timer::forget(key k) {
    if (const auto known = by_key_.find(k); known != by_key_.end()) {
        by_time_.erase(known->second);
        by_key_.erase(known);
    }
}

void deadline_timer::rest() {
    armed_ = false;
    timer_.cancel();
}

void deadline_timer::arm() {
    if (by_time_.empty())
        return;
    const deadline first = by_time_.begin()->first;
    if (armed_ && armed_for_ <= first)
        return; // it goes off earlier, and looks again then
    armed_ = true;
    armed_for_ = first;
    timer_.expires_at(first);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code stopped) {
        if (!stopped && !alive.expired())
            fire();
    });
}

void deadline_timer::fire() {
    armed_ = false;
    const auto now = deadline::clock::now();
    std::vector<key> due;
    for (auto i = by_time_.begin(); i != by_time_.end() && i->first.passed(now); ++i)
        due.push_back(i->second);
    const auto check =
        check_; // whoever is called back may have no use for this timer any more, and destroy it
    const std::weak_ptr still_here(alive_);
    for (key k : due) {
        if (!by_key_.contains(k))
            continue; // ended by the one before it
        forget(k);
        const deadline again = check(k);
        if (still_here.expired())
            return;
        if (!again.is_never())
            watch(k, again);
    }
    arm();
}

} // namespace oneloop
