#pragma once

#include <chrono>

namespace oneloop {

/// How long to wait before trying again: doubles from `first` up to `most`, each with jitter, so that many
/// clients that lost one server do not all come back in the same instant. Decides only; it neither sleeps nor
/// draws lots.
///
/// The jitter is the "equal" kind: half of the step for certain, the other half by chance.
class backoff {
public:
    using duration = std::chrono::steady_clock::duration;

    backoff() = default; // 100 ms up to 30 s
    constexpr backoff(duration first, duration most) : first_(first), most_(most < first ? first : most) {}

    /// `chance` is a number from [0, 1), drawn by the caller.
    constexpr duration next(double chance) noexcept {
        const duration step = next_step_ == duration::zero() ? first_ : next_step_;
        next_step_ = step > most_ / 2 ? most_ : step * 2;
        ++attempts_;
        const auto half = step / 2;
        return half + std::chrono::duration_cast<duration>(std::chrono::duration<double, duration::period>(
                          static_cast<double>((step - half).count()) * chance
                      ));
    }

    /// How often next() was asked since the last success.
    constexpr int attempts() const noexcept { return attempts_; }

    /// After a success: begin again with `first`.
    constexpr void reset() noexcept {
        next_step_ = duration::zero();
        attempts_ = 0;
    }

private:
    duration first_ = std::chrono::milliseconds(100);
    duration most_ = std::chrono::seconds(30);
    duration next_step_ = duration::zero();
    int attempts_ = 0;
};

} // namespace oneloop
