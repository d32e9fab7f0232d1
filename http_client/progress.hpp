#pragma once

#include <oneloop/http/download.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>

namespace oneloop::http {

/// Tells the rate of what comes, smoothed such that three seconds ago counts for a third. Arithmetic only: it
/// is told what time it is.
class progress_meter {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// `received` counts the bytes from the network since it began to count.
    void sample(std::uint64_t received, time_point now) {
        if (!last_)
            begun_ = now;
        const double passed = last_ ? std::chrono::duration<double>(now - *last_).count() : 0;
        if (last_ && passed <= 0)
            return;
        if (last_) {
            // The mean, while it is young; from then on what is older fades away
            const double age = std::chrono::duration<double>(now - begun_).count();
            const double weight = std::max(1 - std::exp(-passed / 3), passed / age);
            rate_ += weight * (static_cast<double>(received - received_) / passed - rate_);
        }
        last_ = now;
        received_ = received;
    }

    download_progress tell(std::uint64_t bytes, std::optional<std::uint64_t> total) const {
        download_progress p;
        p.bytes_ = bytes;
        p.total_ = total;
        p.rate_ = rate_;
        return p;
    }

private:
    time_point begun_{};
    std::optional<time_point> last_;
    std::uint64_t received_ = 0;
    double rate_ = 0;
};

} // namespace oneloop::http
