#pragma once

/// What of a pool does not depend on the kind of its connections: compiled once.

#include <oneloop/detail/operation.hpp>
#include <oneloop/detail/pooled.hpp>
#include <oneloop/pool_options.hpp>

#include <functional>
#include <memory>
#include <source_location>

namespace oneloop::detail {

class pool_engine;

/// A connection in the hands of its borrower; its end gives it back.
class lent {
public:
    lent(std::weak_ptr<pool_engine>, executor loop, std::size_t place, std::shared_ptr<pooled>);
    ~lent();
    lent(const lent&) = delete;
    lent& operator=(const lent&) = delete;

    const std::shared_ptr<pooled>& connection() const noexcept { return connection_; }
    void discard() noexcept { wanted_ = false; }

private:
    std::weak_ptr<pool_engine> pool_;
    executor loop_;
    std::shared_ptr<pending_registry> registry_;
    std::size_t place_;
    std::shared_ptr<pooled> connection_;
    bool wanted_ = true;
};

using lent_ptr = std::shared_ptr<lent>;

std::shared_ptr<pool_engine> make_pool_engine(
    executor loop, pool_options options, std::function<std::shared_ptr<pooled>()> make
);
const executor& loop_of(const pool_engine&) noexcept;
void start_acquire(
    const std::shared_ptr<pool_engine>&, std::shared_ptr<operation<lent_ptr>>, std::source_location
);
void start_close_pool(const std::shared_ptr<pool_engine>&, completion<>);
pool_statistics stats_of(const pool_engine&) noexcept;
void shut_down(pool_engine&) noexcept;

} // namespace oneloop::detail
