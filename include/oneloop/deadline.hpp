#pragma once

#include <oneloop/clock.hpp>

#include <algorithm>

namespace oneloop {

/// A point on the clock by which something has to be done. Arithmetic only: it reads no clock but
/// through `in()`, and sums that would overflow mean "never".
class deadline {
public:
    using clock = loop_clock;

    static constexpr deadline never() noexcept { return deadline(clock::time_point::max()); }
    static deadline in(clock::duration d) noexcept { return after(clock::now(), d); }
    static constexpr deadline after(clock::time_point start, clock::duration d) noexcept {
        if (d <= clock::duration::zero())
            return deadline(start);
        return d > clock::time_point::max() - start ? never() : deadline(start + d);
    }

    constexpr deadline() noexcept = default; // never
    constexpr explicit deadline(clock::time_point at) noexcept : at_(at) {}

    constexpr clock::time_point at() const noexcept { return at_; }
    constexpr bool is_never() const noexcept { return at_ == clock::time_point::max(); }
    constexpr bool passed(clock::time_point now) const noexcept { return at_ <= now; }

    /// Zero when it has passed; `duration::max()` when it never will.
    constexpr clock::duration remaining(clock::time_point now) const noexcept {
        if (is_never())
            return clock::duration::max();
        return std::max(clock::duration::zero(), at_ - now);
    }

    friend constexpr auto operator<=>(deadline, deadline) noexcept = default;

private:
    clock::time_point at_ = clock::time_point::max();
};

} // namespace oneloop
