#pragma once

#include <oneloop/deadline.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <unordered_map>

namespace oneloop::http {

/// Who may go: so many requests at once in total, so many for each host, and each host so often, the others
/// wait. Hosts take turns, and within a host it is first come, first served. A policy only: it knows nothing
/// of requests but their place, and is told what time it is.
class admission {
    struct host;

public:
    using time_point = deadline::clock::time_point;
    using duration = deadline::clock::duration;

    /// A request's place in the queue or among those under way. It stays where it is in memory.
    class ticket {
    public:
        ticket() = default;
        ticket(const ticket&) = delete;
        ticket& operator=(const ticket&) = delete;

        /// Where its host's connections are; once it is under way.
        std::size_t lane() const noexcept { return lane_; }

    private:
        friend class admission;
        enum class state { out, waiting, under_way } state_ = state::out;
        host* host_ = nullptr;
        std::size_t lane_ = 0;
        std::list<ticket*>::iterator place_;
    };

    /// `pause`: between the beginnings of two requests to one host.
    admission(std::size_t total, std::size_t per_host, std::size_t queued, duration pause = duration::zero())
        : total_(total ? total : 1),
          per_host_(per_host ? per_host : 1),
          most_queued_(queued),
          lanes_(std::clamp(total_ / lane_width, std::size_t{1}, most_lanes)),
          pause_(std::min<duration>(pause, std::chrono::hours(24 * 365))) {} // a time must come of it

    /// Requests under way are spread over so many lanes. Each host begins with one of them and takes the next
    /// for what is beyond `lane_width`, so that it finds its connections again.
    std::size_t lanes() const noexcept { return lanes_; }
    static constexpr std::size_t lane_width = 64, most_lanes = 8;

    /// False when the queue is full. A request that can go at once is not counted as queued.
    bool enter(ticket& t, const std::string& host_key);

    /// To another host, however full the queue is: it was accepted once.
    void move(ticket& t, const std::string& host_key);

    /// The next that may go, which is under way from then on; nullptr when there is none.
    ticket* next(time_point now);

    /// When somebody who waits may go although nobody leaves: the pause of a host is over.
    deadline next_turn() const;
    bool paces() const noexcept { return pause_ > duration::zero(); }

    /// Gives the place back, in the queue or under way.
    void leave(ticket& t);

    std::size_t queued() const noexcept { return queued_; }
    std::size_t under_way() const noexcept { return under_way_; }
    std::size_t queued(const std::string& host_key) const;
    std::size_t under_way(const std::string& host_key) const;
    /// All that have somebody waiting or under way.
    template <class Told>
    void each_host(Told told) const {
        for (const auto& [key, h] : hosts_)
            if (!h.waiting.empty() || h.under_way > 0)
                told(key);
    }
    std::size_t most_queued() const noexcept { return most_queued_; }

private:
    struct host {
        std::string key;
        std::list<ticket*> waiting;
        std::size_t under_way = 0;
        std::array<std::size_t, most_lanes> in_lane{};
        std::size_t first_lane = 0;
        bool has_turn = false, rests = false;
        std::list<host*>::iterator turn;
        std::multimap<time_point, host*>::iterator end_of_rest;
    };

    std::size_t lane_for(const host& h) const noexcept;
    void wait(ticket& t, const std::string& host_key);
    void give_turn(host& h);
    void rest(host& h, time_point until);
    void wake(time_point now);
    void forget_if_idle(host& h);

    const std::size_t total_, per_host_, most_queued_, lanes_;
    const duration pause_;
    std::size_t queued_ = 0, under_way_ = 0;
    std::unordered_map<std::string, host> hosts_;
    std::list<host*> turns_;                   // hosts with somebody waiting and room for one more
    std::multimap<time_point, host*> resting_; // until then nobody goes there, whether anybody waits or not
};

} // namespace oneloop::http
