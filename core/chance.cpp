#include "core/chance.hpp"

#include <random>

namespace oneloop {

double chance() noexcept {
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::generate_canonical<double, 24>(engine);
}

} // namespace oneloop
