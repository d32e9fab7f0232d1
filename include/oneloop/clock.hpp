#pragma once

#include <chrono>

namespace oneloop {

/// The clock by which everything here waits: the steady one, except on a thread where `testing::run` lets
/// virtual time pass. Its points are the steady clock's own, so what was measured by one can be told to the
/// other.
class loop_clock {
public:
    using duration = std::chrono::steady_clock::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;
};

} // namespace oneloop
