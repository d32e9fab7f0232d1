#include "mysql/session.hpp"
#include <oneloop/mysql/pool.hpp>
#include <oneloop/resolver.hpp>

#include <utility>

namespace oneloop::mysql {

namespace {

/// Makes the connections of a pool, which share a resolver.
class pool_maker {
public:
    pool_maker(executor loop, options o) : loop_(std::move(loop)), options_(std::move(o)) {
        if (!options_.resolve_with())
            options_.resolve_with(std::make_shared<resolver>(loop_));
    }
    std::shared_ptr<oneloop::detail::pooled> operator()() const {
        return std::make_shared<session>(loop_, options_);
    }

private:
    executor loop_;
    options options_;
};

} // namespace

pool::pool(executor loop, options o, pool_options sizes)
    : oneloop::pool<connection>(loop, std::move(sizes), pool_maker(loop, std::move(o))) {}

} // namespace oneloop::mysql
