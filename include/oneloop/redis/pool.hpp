#pragma once

#include <oneloop/pool.hpp>
#include <oneloop/redis/commands.hpp>
#include <oneloop/redis/options.hpp>

namespace oneloop::redis {

/// A connection of one's own, on loan from a pool. It takes what a shared one cannot: transactions (MULTI,
/// EXEC, WATCH) and commands that block (BLPOP …; give them a `command_timeout` that is longer).
///
/// A transaction that was not ended, and what SELECT, AUTH and CLIENT have changed, end with the lease: such
/// a connection is closed and replaced.
class connection : public commands {
public:
    connection() = default; ///< none
    connection(connection&&) noexcept = default;
    connection& operator=(connection&&) noexcept = default;

private:
    friend class oneloop::lease<connection>;
    explicit connection(const oneloop::detail::lent_ptr&);
};

/// Connections to one server, lent to one borrower at a time; see `oneloop::pool`.
///
///     redis::pool pool(loop, options, pool_options().min_size(1).max_size(10));
///     auto redis = co_await pool.acquire();
///     co_await redis->hset("car", "wheels", 4);
class pool : public oneloop::pool<connection> {
public:
    /// Throws `error` with `condition::argument` for options that cannot be.
    explicit pool(executor loop, options = options(), pool_options = pool_options());
};

} // namespace oneloop::redis
