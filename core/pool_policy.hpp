#pragma once

#include <oneloop/backoff.hpp>
#include <oneloop/deadline.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace oneloop {

class pool_limits {
public:
    using duration = deadline::clock::duration;

    pool_limits() = default;

    std::size_t min_size = 0, max_size = 10, max_connecting = 2, max_queued = 10'000;
    duration idle_timeout = std::chrono::minutes(5), max_lifetime = std::chrono::minutes(30);
    backoff retry;
};

/// What a pool does next: whom to lend which connection, when to open one and when to let one go. Arithmetic
/// only; it has neither sockets nor a clock. `next()` says what to do, and whoever does it tells what came of
/// it by the other functions.
///
/// The connection that was used last is lent first, so that those beyond the need fall idle and are closed.
/// Whoever is late gets a connection that is there, all the same.
class pool_policy {
public:
    using time = deadline::clock::time_point;
    using place = std::size_t; ///< which connection

    /// Who waits for a connection, in the order of arrival.
    class ticket : public boost::intrusive::list_base_hook<>, public boost::intrusive::set_base_hook<> {
    public:
        deadline give_up; ///< set before it enters

        friend bool operator<(const ticket& a, const ticket& b) noexcept { return a.give_up < b.give_up; }
    };

    enum class act { rest, lend, open, close, give_up, refuse };
    struct step {
        act what = act::rest;
        place which = 0;
        ticket* who = nullptr;
    };

    explicit pool_policy(const pool_limits& limits);

    /// False if as many wait as may.
    bool enter(ticket&);
    void leave(ticket&) noexcept;

    step next(time now);
    /// When next() may say something else although nothing has happened.
    deadline next_event(time now) const;

    place open();                                ///< a connection is being opened
    void opened(place, time now, double chance); ///< `chance` of [0, 1) spreads the ends of their lives
    void failed_to_open(place, time now, double chance);
    ticket& lend(place);            ///< to who waits the longest
    void returning(place) noexcept; ///< given back, being restored
    void returned(place, time now);
    void closing(place) noexcept;
    void closed(place) noexcept;

    /// From now on nothing is opened, and what is idle is closed.
    void drain() noexcept { draining_ = true; }

    struct counts {
        std::size_t idle = 0, busy = 0, connecting = 0, closing = 0, waiting = 0;
        std::size_t open() const noexcept { return idle + busy; }
        std::size_t staying() const noexcept { return idle + busy + connecting; }
        std::size_t all() const noexcept { return staying() + closing; }
    };
    counts count() const noexcept;

private:
    enum class state { nothing, connecting, idle, lent, returning, closing };
    struct connection {
        state how = state::nothing;
        deadline retire;
        time idle_since;
    };

    connection& at(place p) noexcept { return connections_[p]; }
    std::optional<place> ready() const noexcept;
    std::optional<place> superfluous(time now) const noexcept;
    bool to_spare() const noexcept;
    deadline end_of(const connection&, bool spare) const noexcept;
    bool may_open(time now) const noexcept;
    bool wants_more() const noexcept;

    pool_limits limits_;
    std::vector<connection> connections_;
    boost::intrusive::list<ticket> waiting_;         // by arrival
    boost::intrusive::multiset<ticket> by_deadline_; // the same
    deadline retry_ = deadline(time::min());         // no connection is opened before
    bool draining_ = false;
};

} // namespace oneloop
