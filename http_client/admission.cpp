#include "http_client/admission.hpp"

#include <functional>

namespace oneloop::http {

bool admission::enter(ticket& t, const std::string& host_key) {
    if (queued_ >= most_queued_) {
        const auto known = hosts_.find(host_key);
        const bool goes_at_once = under_way_ < total_ && (known == hosts_.end() || is_free(known->second));
        if (!goes_at_once)
            return false;
    }
    wait(t, host_of(host_key));
    return true;
}

void admission::move(ticket& t, const std::string& host_key) {
    leave(t);
    wait(t, host_of(host_key));
}

admission::host& admission::host_of(const std::string& key) {
    if (const auto known = hosts_.find(key); known != hosts_.end())
        return known->second;
    const auto made = hosts_.try_emplace(key, std::hash<std::string>()(key) % lanes_).first;
    made->second.key = &made->first;
    return made->second;
}

void admission::wait(ticket& t, host& h) {
    if (h.idle.is_linked()) {
        h.idle.unlink();
        --number_idle_;
    }
    t.host_ = &h;
    h.waiting.push_back(t);
    t.state_ = ticket::state::waiting;
    ++h.queued;
    ++queued_;
    give_turn(h);
}

admission::ticket* admission::next(time_point now) {
    if (!resting_.empty())
        wake(now);
    if (under_way_ >= total_ || turns_.empty())
        return nullptr;
    host& h = turns_.front();
    turns_.pop_front();
    ticket& t = h.waiting.front();
    h.waiting.pop_front();
    t.state_ = ticket::state::under_way;
    --h.queued;
    --queued_;
    ++under_way_;
    ++h.under_way;
    if (paces())
        rest(h, now + pause_);
    t.lane_ = lane_for(h);
    ++h.in_lane[t.lane_];
    give_turn(h);
    return &t;
}

void admission::rest(host& h, time_point until) {
    h.rests = true;
    resting_.emplace(until, &h);
}

void admission::wake(time_point now) {
    while (!resting_.empty() && resting_.begin()->first <= now) {
        host& h = *resting_.begin()->second;
        resting_.erase(resting_.begin());
        h.rests = false;
        give_turn(h);
        rest_if_idle(h);
    }
}

deadline admission::next_turn() const {
    // Those with nobody waiting are looked at as well, which is how they are forgotten
    return resting_.empty() ? deadline::never() : deadline::after(resting_.begin()->first, duration::zero());
}

std::size_t admission::queued(const std::string& host_key) const {
    const auto h = hosts_.find(host_key);
    return h == hosts_.end() ? 0 : h->second.queued;
}

std::size_t admission::under_way(const std::string& host_key) const {
    const auto h = hosts_.find(host_key);
    return h == hosts_.end() ? 0 : h->second.under_way;
}

void admission::leave(ticket& t) {
    if (t.state_ == ticket::state::out)
        return;
    host& h = *t.host_;
    if (t.state_ == ticket::state::waiting) {
        t.place_.unlink();
        --h.queued;
        --queued_;
    } else {
        --h.under_way;
        --h.in_lane[t.lane_];
        --under_way_;
    }
    t.state_ = ticket::state::out;
    t.host_ = nullptr;
    give_turn(h);
    rest_if_idle(h);
}

std::size_t admission::lane_for(const host& h) const noexcept {
    std::size_t best = h.first_lane;
    for (std::size_t i = 0; i < lanes_; ++i) {
        const std::size_t lane = (h.first_lane + i) % lanes_;
        if (h.in_lane[lane] < lane_width)
            return lane;
        if (h.in_lane[lane] < h.in_lane[best])
            best = lane;
    }
    return best;
}

bool admission::is_free(const host& h) const noexcept {
    return h.queued == 0 && !h.rests && h.under_way < per_host_;
}

void admission::give_turn(host& h) {
    const bool deserves = h.queued > 0 && !h.rests && h.under_way < per_host_;
    if (!deserves)
        h.turn.unlink();
    else if (!h.turn.is_linked())
        turns_.push_back(h);
}

// Who asks one host after the other comes back to it soon, so it is forgotten only when many others have
// come meanwhile.
void admission::rest_if_idle(host& h) {
    if (h.queued > 0 || h.under_way > 0 || h.rests || h.idle.is_linked())
        return;
    idle_.push_back(h);
    if (++number_idle_ <= most_idle)
        return;
    --number_idle_;
    hosts_.erase(hosts_.find(*idle_.front().key));
}

} // namespace oneloop::http
