#pragma once

#include <oneloop/deadline.hpp>
#include <oneloop/error.hpp>
#include <oneloop/http/options.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace oneloop::http {

/// Which limit of time a request meets next, phase by phase. Arithmetic only: it is told what time it is.
class phase_limits {
public:
    using time_point = deadline::clock::time_point;

    struct limit {
        deadline at;
        std::string_view name; // of the option
        duration value{};
        bool next_address = false; // not the end: time to try another address of the host
        bool resume = false;       // not the end: the pause before the next attempt is over
    };

    phase_limits(const timeouts& t, time_point now) : times_(t), entered_(now), accepted_(now) {
        enter(phase::queue, now);
    }

    void enter(phase p, time_point now) {
        if (!pauses_)
            spent_[static_cast<std::size_t>(phase_)] += now - entered_;
        if (phase_ == phase::queue && p != phase::queue)
            leave_queue(now);
        entered_ = now;
        if (p == phase::queue)
            connect_ = deadline::never(); // on the way to another server
        // Look-up, connecting and handshake share one limit, however often an address has to be tried
        const bool connecting = p == phase::resolve || p == phase::connect || p == phase::tls;
        if (connecting && connect_.is_never())
            connect_ = deadline::after(now, times_.connect);
        phase_ = p;
        since_ = now;
        held_ = pauses_ = false;
        attempt_ = resume_ = deadline::never();
    }

    /// A connection is tried, and `others` addresses are left: it gets its share of what remains.
    void try_address(std::size_t others, time_point now) {
        enter(phase::connect, now);
        if (others > 0)
            attempt_ = deadline::after(now, connect_.remaining(now) / (others + 1));
    }

    /// The next attempt begins after `d`: to enter the queue again, which this is not yet.
    void pause(duration d, time_point now) {
        enter(phase::queue, now);
        pauses_ = true;
        resume_ = deadline::after(now, d);
    }

    /// When it left the queue for the first time.
    time_point begun() const noexcept { return begun_; }

    /// What is left for all attempts; while it is not in the queue.
    duration total_left(time_point now) const { return total_.remaining(now); }

    /// Bytes came from the peer, or went to it.
    void progress(time_point now) { since_ = now; }

    /// While our own disk is slow, or who reads the body or makes it, the peer is not late.
    void hold(bool held, time_point now) {
        held_ = held;
        since_ = now;
    }

    phase where() const noexcept { return phase_; }

    /// How long it has been in a phase, up to the last enter().
    duration spent(phase p) const noexcept { return spent_[static_cast<std::size_t>(p)]; }
    duration since_accepted(time_point now) const noexcept { return now - accepted_; }

    limit next() const {
        switch (phase_) {
            case phase::queue:
                if (pauses_)
                    return earlier({resume_, "", {}, false, true}, total());
                return {deadline::after(since_, times_.queue), "queue_timeout", times_.queue};
            case phase::resolve:
            case phase::connect:
            case phase::tls: {
                const limit connect{connect_, "connect_timeout", times_.connect};
                return earlier(earlier({attempt_, "", {}, true}, connect), total());
            }
            case phase::first_byte:
                return earlier(
                    {deadline::after(since_, times_.first_byte), "first_byte_timeout", times_.first_byte},
                    total()
                );
            case phase::send:
            case phase::receive:
                return held_ ? total()
                             : earlier(
                                   {deadline::after(since_, times_.stall), "stall_timeout", times_.stall},
                                   total()
                               );
            default:
                return total();
        }
    }

private:
    limit total() const { return {total_, "total_timeout", times_.total}; }

    // From the first time on the total runs, but not for those that wait for a place again
    void leave_queue(time_point now) {
        if (!has_begun_) {
            has_begun_ = true;
            begun_ = now;
            total_ = deadline::after(now, times_.total);
        } else if (!pauses_ && !total_.is_never()) {
            total_ = deadline::after(total_.at(), now - entered_);
        }
    }
    static limit earlier(const limit& a, const limit& b) { return b.at < a.at ? b : a; }

    timeouts times_;
    phase phase_ = phase::queue;
    time_point since_{}, entered_, accepted_, begun_{};
    std::array<duration, static_cast<std::size_t>(phase::file) + 1> spent_{};
    deadline total_, connect_, attempt_, resume_; // never, until they begin
    bool held_ = false, pauses_ = false, has_begun_ = false;
};

} // namespace oneloop::http
