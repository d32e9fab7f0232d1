#include "http_client/admission.hpp"

#include <functional>

namespace oneloop::http {

bool admission::enter(ticket& t, const std::string& host_key) {
    const auto known = hosts_.find(host_key);
    const bool goes_at_once =
        under_way_ < total_ &&
        (known == hosts_.end() ||
         (known->second.waiting.empty() && !known->second.rests && known->second.under_way < per_host_));
    if (!goes_at_once && queued_ >= most_queued_)
        return false;
    wait(t, host_key);
    return true;
}

void admission::move(ticket& t, const std::string& host_key) {
    leave(t);
    wait(t, host_key);
}

void admission::wait(ticket& t, const std::string& host_key) {
    host& h = hosts_[host_key];
    if (h.key.empty()) {
        h.key = host_key;
        h.first_lane = std::hash<std::string>()(host_key) % lanes_;
    }
    t.host_ = &h;
    t.place_ = h.waiting.insert(h.waiting.end(), &t);
    t.state_ = ticket::state::waiting;
    ++queued_;
    give_turn(h);
}

admission::ticket* admission::next(time_point now) {
    if (!resting_.empty())
        wake(now);
    if (under_way_ >= total_ || turns_.empty())
        return nullptr;
    host& h = *turns_.front();
    turns_.pop_front();
    h.has_turn = false;
    ticket& t = *h.waiting.front();
    h.waiting.pop_front();
    t.state_ = ticket::state::under_way;
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
    h.end_of_rest = resting_.emplace(until, &h);
}

void admission::wake(time_point now) {
    while (!resting_.empty() && resting_.begin()->first <= now) {
        host& h = *resting_.begin()->second;
        resting_.erase(resting_.begin());
        h.rests = false;
        give_turn(h);
        forget_if_idle(h);
    }
}

deadline admission::next_turn() const {
    // Those with nobody waiting are looked at as well, which is how they are forgotten
    return resting_.empty() ? deadline::never() : deadline::after(resting_.begin()->first, duration::zero());
}

std::size_t admission::queued(const std::string& host_key) const {
    const auto h = hosts_.find(host_key);
    return h == hosts_.end() ? 0 : h->second.waiting.size();
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
        h.waiting.erase(t.place_);
        --queued_;
    } else {
        --h.under_way;
        --h.in_lane[t.lane_];
        --under_way_;
    }
    t.state_ = ticket::state::out;
    t.host_ = nullptr;
    give_turn(h);
    forget_if_idle(h);
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

void admission::give_turn(host& h) {
    const bool deserves = !h.waiting.empty() && !h.rests && h.under_way < per_host_;
    if (deserves && !h.has_turn)
        h.turn = turns_.insert(turns_.end(), &h);
    else if (!deserves && h.has_turn)
        turns_.erase(h.turn);
    h.has_turn = deserves;
}

void admission::forget_if_idle(host& h) {
    if (h.waiting.empty() && h.under_way == 0 && !h.rests)
        hosts_.erase(std::string(h.key)); // a copy: the key dies with the host
}

} // namespace oneloop::http
