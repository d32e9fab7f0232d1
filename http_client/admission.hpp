#pragma once

#include <oneloop/deadline.hpp>

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>

namespace oneloop::http {

/// Who may go: so many requests at once in total, so many for each host, and each host so often, the others
/// wait. Hosts take turns, and within a host it is first come, first served. A policy only: it knows nothing
/// of requests but their place, and is told what time it is.
class admission {
    struct host;
    using place = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>; // in one list at most

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
        place place_;
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
    static constexpr std::size_t lane_width = 64, most_lanes = 8, most_idle = 256;

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
            if (h.queued > 0 || h.under_way > 0)
                told(key);
    }
    std::size_t most_queued() const noexcept { return most_queued_; }

private:
    template <class T, place T::*Place>
    using list_of = boost::intrusive::list<
        T, boost::intrusive::member_hook<T, place, Place>, boost::intrusive::constant_time_size<false>>;

    struct host {
        explicit host(std::size_t lane) : first_lane(lane) {}

        const std::string* key = nullptr;
        list_of<ticket, &ticket::place_> waiting;
        std::size_t queued = 0, under_way = 0;
        std::array<std::size_t, most_lanes> in_lane{};
        std::size_t first_lane;
        bool rests = false;
        place turn, idle;
    };
    using hosts = list_of<host, &host::turn>;
    using idle_hosts = list_of<host, &host::idle>;

    std::size_t lane_for(const host& h) const noexcept;
    bool is_free(const host& h) const noexcept;
    host& host_of(const std::string& key);
    void wait(ticket& t, host& h);
    void give_turn(host& h);
    void rest(host& h, time_point until);
    void wake(time_point now);
    void rest_if_idle(host& h);

    const std::size_t total_, per_host_, most_queued_, lanes_;
    const duration pause_;
    std::size_t queued_ = 0, under_way_ = 0;
    std::unordered_map<std::string, host> hosts_;
    hosts turns_;     // with somebody waiting and room for one more
    idle_hosts idle_; // with nobody, the one that had somebody last at the end: a few are remembered
    std::size_t number_idle_ = 0;
    std::multimap<time_point, host*> resting_; // until then nobody goes there, whether anybody waits or not
};

} // namespace oneloop::http
