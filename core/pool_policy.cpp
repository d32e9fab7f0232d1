#include "core/pool_policy.hpp"

#include <algorithm>
#include <cassert>

namespace oneloop {

pool_policy::pool_policy(const pool_limits& limits) : limits_(limits) {
    limits_.max_size = std::max<std::size_t>(limits_.max_size, 1);
    limits_.min_size = std::min(limits_.min_size, limits_.max_size);
    limits_.max_connecting = std::max<std::size_t>(limits_.max_connecting, 1);
    limits_.max_queued = std::max<std::size_t>(limits_.max_queued, 1); // connecting takes time as well
    // With less, connections would be closed before anybody got them, and others opened in their place
    limits_.max_lifetime =
        std::max<pool_limits::duration>(limits_.max_lifetime, std::chrono::milliseconds(1));
}

bool pool_policy::enter(ticket& t) {
    if (waiting_.size() >= limits_.max_queued)
        return false;
    waiting_.push_back(t);
    by_deadline_.insert(t);
    return true;
}

void pool_policy::leave(ticket& t) noexcept {
    if (!t.boost::intrusive::list_base_hook<>::is_linked())
        return;
    waiting_.erase(waiting_.iterator_to(t));
    by_deadline_.erase(by_deadline_.iterator_to(t));
}

pool_policy::step pool_policy::next(time now) {
    if (const auto old = superfluous(now))
        return {act::close, *old, nullptr};
    if (!waiting_.empty()) {
        ticket* first = &waiting_.front();
        if (draining_)
            return {act::refuse, 0, first};
        if (const auto connection = ready())
            return {act::lend, *connection, first};
        if (by_deadline_.begin()->give_up.passed(now))
            return {act::give_up, 0, &*by_deadline_.begin()};
        const counts have = count();
        if (!retry_.passed(now) && have.open() + have.connecting == 0)
            return {act::refuse, 0, first}; // nothing is there and nothing will be soon
    }
    if (may_open(now) && wants_more())
        return {act::open, 0, nullptr};
    return {};
}

deadline pool_policy::next_event(time now) const {
    deadline first = by_deadline_.empty() ? deadline::never() : by_deadline_.begin()->give_up;
    const bool spare = to_spare();
    for (const connection& c : connections_)
        if (c.how == state::idle)
            first = std::min(first, end_of(c, spare));
    if (!draining_ && !retry_.passed(now) && wants_more())
        first = std::min(first, retry_);
    return first;
}

pool_policy::place pool_policy::open() {
    const auto vacant = std::find_if(connections_.begin(), connections_.end(), [](const connection& c) {
        return c.how == state::nothing;
    });
    const auto p = static_cast<place>(vacant - connections_.begin());
    if (vacant == connections_.end())
        connections_.emplace_back();
    connections_[p] = connection();
    connections_[p].how = state::connecting;
    return p;
}

void pool_policy::opened(place p, time now, double chance) {
    limits_.retry.reset();
    retry_ = deadline(time::min());
    // Up to a tenth less, so that those which were opened together do not all end together
    const auto life = limits_.max_lifetime;
    const auto less = std::chrono::duration_cast<pool_limits::duration>(life / 10 * chance);
    at(p).retire =
        life == pool_limits::duration::max() ? deadline::never() : deadline::after(now, life - less);
    returned(p, now);
}

void pool_policy::failed_to_open(place p, time now, double chance) {
    at(p).how = state::nothing;
    // Never at once: whoever waits is to be told first
    const pool_limits::duration least = std::chrono::milliseconds(1);
    retry_ = deadline::after(now, std::max(limits_.retry.next(chance), least));
}

pool_policy::ticket& pool_policy::lend(place p) {
    assert(at(p).how == state::idle && !waiting_.empty());
    ticket& first = waiting_.front();
    leave(first);
    at(p).how = state::lent;
    return first;
}

void pool_policy::returning(place p) noexcept {
    at(p).how = state::returning;
}

void pool_policy::returned(place p, time now) {
    at(p).how = state::idle;
    at(p).idle_since = now;
}

void pool_policy::closing(place p) noexcept {
    at(p).how = state::closing;
}

void pool_policy::closed(place p) noexcept {
    at(p).how = state::nothing;
}

pool_policy::counts pool_policy::count() const noexcept {
    counts n;
    n.waiting = waiting_.size();
    for (const connection& c : connections_)
        switch (c.how) {
            case state::nothing:
                break;
            case state::connecting:
                ++n.connecting;
                break;
            case state::idle:
                ++n.idle;
                break;
            case state::lent:
            case state::returning:
                ++n.busy;
                break;
            case state::closing:
                ++n.closing;
                break;
        }
    return n;
}

// The idle connection that was used last.
std::optional<pool_policy::place> pool_policy::ready() const noexcept {
    std::optional<place> best;
    for (place p = 0; p < connections_.size(); ++p)
        if (connections_[p].how == state::idle &&
            (!best || connections_[p].idle_since > connections_[*best].idle_since))
            best = p;
    return best;
}

std::optional<pool_policy::place> pool_policy::superfluous(time now) const noexcept {
    const bool spare = to_spare();
    std::optional<place> oldest;
    for (place p = 0; p < connections_.size(); ++p) {
        const connection& c = connections_[p];
        if (c.how != state::idle || !(draining_ || end_of(c, spare).passed(now)))
            continue;
        if (!oldest || c.idle_since < connections_[*oldest].idle_since)
            oldest = p;
    }
    return oldest;
}

// Nobody needs all that are open, and there are more than are to be kept.
bool pool_policy::to_spare() const noexcept {
    const counts have = count();
    return waiting_.empty() && have.staying() > limits_.min_size;
}

deadline pool_policy::end_of(const connection& c, bool spare) const noexcept {
    return spare ? std::min(c.retire, deadline::after(c.idle_since, limits_.idle_timeout)) : c.retire;
}

bool pool_policy::may_open(time now) const noexcept {
    const counts have = count();
    return !draining_ && retry_.passed(now) && have.connecting < limits_.max_connecting &&
           have.all() < limits_.max_size;
}

bool pool_policy::wants_more() const noexcept {
    const counts have = count();
    std::size_t coming = have.connecting;
    for (const connection& c : connections_)
        coming += c.how == state::returning ? 1 : 0;
    return have.staying() < limits_.min_size || have.waiting > coming + have.idle;
}

} // namespace oneloop
