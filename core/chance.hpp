#pragma once

namespace oneloop {

/// A number from [0, 1), for jitter.
double chance() noexcept;

} // namespace oneloop
