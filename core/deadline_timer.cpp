#include "core/deadline_timer.hpp"

#include <boost/system/error_code.hpp>

namespace oneloop {

void deadline_timer::watch(entry& e, deadline at) {
    if (!e.is_linked() || at < e.at_) {
        e.unlink();
        e.at_ = at;
        by_time_.insert(by_time_.end(), e); // mostly the last of all
    }
    arm(); // which it may not be since rest()
}

void deadline_timer::rest() {
    armed_ = false;
    timer_.cancel();
}

void deadline_timer::arm() {
    if (by_time_.empty())
        return;
    const deadline first = by_time_.begin()->at_;
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
    order due; // each once, though it may be due again at once; who ends meanwhile leaves it
    while (!by_time_.empty() && by_time_.begin()->at_.passed(now)) {
        entry& e = *by_time_.begin();
        e.unlink();
        due.insert(due.end(), e);
    }
    const auto check =
        check_; // whoever is called back may have no use for this timer any more, and destroy it
    const std::weak_ptr still_here(alive_);
    while (!due.empty()) {
        entry& e = *due.begin();
        e.unlink();
        const deadline again = check(e); // unless it is to be watched again, it may be gone
        if (still_here.expired())
            return;
        if (!again.is_never())
            watch(e, again);
    }
    arm();
}

} // namespace oneloop
