#pragma once

#include <oneloop/mysql/connection.hpp>
#include <oneloop/mysql/options.hpp>
#include <oneloop/pool.hpp>

namespace oneloop::mysql {

/// Connections to one server, lent to one borrower at a time; see `oneloop::pool`.
///
///     mysql::pool pool(loop, options, pool_options().min_size(1).max_size(10));
///     auto db = co_await pool.acquire();
///     auto cars = co_await db->query("SELECT name FROM car");
///
/// When a lease ends, the session is brought back to its beginning before anybody else gets it, by a login on
/// the same connection: an open transaction is rolled back; variables, temporary tables, locks, settings and
/// a role are forgotten; the character set and the database are again those of the options. What cannot be
/// brought back is closed.
class pool : public oneloop::pool<connection> {
public:
    /// What is wrong with the options is told by the first `acquire()`.
    explicit pool(executor loop, options = options(), pool_options = pool_options());
};

} // namespace oneloop::mysql
