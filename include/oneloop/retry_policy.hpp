#pragma once

/// What to try again, and after which pause: decisions, without a loop. `retry` and the clients take them.

#include <oneloop/backoff.hpp>
#include <oneloop/deadline.hpp>
#include <oneloop/error.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace oneloop {

/// What to try again, how often, and for how long.
///
/// **Without further words only what is certainly safe is repeated**: a failure whose outcome is `not_sent`
/// and whose condition may pass: `timeout`, `resolve`, `network`. With `idempotent()`, those three whatever
/// the outcome. Never: what was cancelled, a wrong argument, a limit of count or size, something closed, TLS,
/// protocol, files, what a server answered. `when()` decides otherwise.
class retry_policy {
public:
    using duration = std::chrono::steady_clock::duration;

    retry_policy() = default;

    /// How often at most, the first time included: 3; less than 1 is 1.
    retry_policy& attempts(int most) { return attempts_ = most < 1 ? 1 : most, *this; }

    /// The pauses between them double from `first` up to `most`, with jitter: from 100 ms up to 10 s.
    retry_policy& backoff(duration first, duration most) {
        return backoff_ = oneloop::backoff(first, most), *this;
    }

    /// For all attempts and pauses together: 1 min. A pause that would reach beyond is not begun. `retry`
    /// cancels an attempt that runs then; a client leaves it to the limits of the request, and begins to
    /// count when the request leaves its queue for the first attempt.
    retry_policy& total_time(duration limit) { return total_time_ = limit, *this; }

    /// Doing it twice does no harm: failures in doubt are repeated as well.
    retry_policy& idempotent(bool yes = true) { return idempotent_ = yes, *this; }

    /// Decides in place of the rule above which failures to repeat. A cancellation is never repeated, and it
    /// is not asked. What it throws, `retry` throws on; a client takes it for "no", and the request ends with
    /// its own failure or answer. It is called on the client's loop, and may do there what it wants, destroy
    /// the client too.
    retry_policy& when(std::function<bool(const failure&)> repeat) {
        return when_ = std::move(repeat), *this;
    }

    /// Whether `when()` was given one.
    bool is_idempotent() const noexcept { return idempotent_; }
    bool has_rule() const noexcept { return static_cast<bool>(when_); }

    int attempts() const noexcept { return attempts_; }
    const oneloop::backoff& backoff() const noexcept { return backoff_; }
    duration total_time() const noexcept { return total_time_; }

    /// May this be repeated, as far as the failure itself is concerned?
    bool allows(const failure& why) const;

private:
    int attempts_ = 3;
    oneloop::backoff backoff_{std::chrono::milliseconds(100), std::chrono::seconds(10)};
    duration total_time_ = std::chrono::minutes(1);
    bool idempotent_ = false;
    std::function<bool(const failure&)> when_;
};

/// One course of attempts under a policy: decides, and neither runs anything nor reads a clock nor draws
/// lots.
class retry_course {
public:
    using clock = deadline::clock;

    retry_course(retry_policy policy, clock::time_point start)
        : policy_(std::move(policy)),
          backoff_(policy_.backoff()),
          until_(deadline::after(start, policy_.total_time())) {}

    /// An attempt has failed with `why`. Gives the pause before the next one, or nothing if that was the
    /// last. `chance` is a number from [0, 1).
    std::optional<clock::duration> again(const failure& why, clock::time_point now, double chance);

    /// How many have failed.
    int failed() const noexcept { return failed_; }
    deadline until() const noexcept { return until_; }

    /// The failure to report in the end: `why`, and after how many attempts if there was more than one. It is
    /// told as `total_time` if that has run out `now` and the last one was cut short by `timeout`, as `retry`
    /// does; a limit of the attempt's own stays what it is.
    failure last(failure why, clock::time_point now) const;

private:
    retry_policy policy_;
    oneloop::backoff backoff_;
    deadline until_;
    int failed_ = 0;
};

} // namespace oneloop
