#pragma once

#include <oneloop/backoff.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>

namespace oneloop {

namespace detail {
class pool_engine;
}

/// A lease that has lasted longer than it should: most often somebody forgot it, or awaits something else
/// with the connection in hand.
class long_lease {
public:
    long_lease() = default;

    std::chrono::steady_clock::duration age{};
    std::source_location where; ///< who called acquire()

    /// "a connection has been on loan for 60 s; it was taken in handle() at main.cpp:12"
    std::string message() const;
};

/// How many connections a pool has and for how long. Every limit has a default; the setters give back the
/// options.
class pool_options {
public:
    using duration = std::chrono::steady_clock::duration;

    pool_options() = default;

    /// Connections that are kept open although nobody needs them (0), and at most (10). With a smallest size
    /// the pool connects as soon as it is made.
    pool_options& min_size(std::size_t n) { return min_size_ = n, *this; }
    pool_options& max_size(std::size_t n) { return max_size_ = n, *this; }

    /// How long acquire() waits for a connection (30 s); reaching it is `condition::timeout` in
    /// `phase::queue`.
    pool_options& queue_timeout(duration d) { return queue_timeout_ = d, *this; }

    /// How many may wait (10,000; at least 1). One more fails with `condition::limit`.
    pool_options& max_queued(std::size_t n) { return max_queued_ = n, *this; }

    /// Connections beyond the smallest size are closed after being idle for so long (5 min), and each one
    /// after its life (30 min, at least 1 ms, up to a tenth less by chance) when it comes back.
    pool_options& idle_timeout(duration d) { return idle_timeout_ = d, *this; }
    pool_options& max_lifetime(duration d) { return max_lifetime_ = d, *this; }

    /// Connections that are being opened at once at most (2): a server that comes back is not overrun.
    pool_options& max_connecting(std::size_t n) { return max_connecting_ = n, *this; }

    /// After a connection could not be opened: the time until the next attempt, doubled each time, with
    /// jitter (100 ms up to 2 s).
    pool_options& retry(backoff b) { return retry_ = b, *this; }

    /// A lease that lasts longer (1 min) is reported once: to `report` if there is one, otherwise with a line
    /// on standard error. `duration::max()` for never.
    pool_options& long_lease_after(duration d) { return long_lease_after_ = d, *this; }
    pool_options& report_long_lease(std::function<void(const long_lease&)> report) {
        return report_ = std::move(report), *this;
    }

private:
    friend class detail::pool_engine;

    std::size_t min_size_ = 0, max_size_ = 10, max_queued_ = 10'000, max_connecting_ = 2;
    duration queue_timeout_ = std::chrono::seconds(30);
    duration idle_timeout_ = std::chrono::minutes(5), max_lifetime_ = std::chrono::minutes(30);
    duration long_lease_after_ = std::chrono::minutes(1);
    backoff retry_ = backoff(std::chrono::milliseconds(100), std::chrono::seconds(2));
    std::function<void(const long_lease&)> report_;
};

/// A pool at one moment.
class pool_statistics {
public:
    pool_statistics() = default;

    std::size_t idle = 0, busy = 0; ///< open connections: waiting to be lent; on loan or being brought back
    std::size_t connecting = 0, closing = 0;
    std::size_t waiting = 0;     ///< calls of acquire() without a connection yet
    std::uint64_t opened = 0;    ///< connections, since the beginning
    std::uint64_t failed = 0;    ///< attempts to open one, since the beginning
    std::uint64_t discarded = 0; ///< connections that came back, or lay idle, in doubt, and were closed
    std::uint64_t leases = 0;    ///< since the beginning
};

} // namespace oneloop
