#pragma once

/// The only place that includes libmariadb's headers, and where we say what we assume of it.

// clang-format off
#include <mysql.h> // the others do not compile without it
#include <errmsg.h>
#include <ma_pvio.h> // what the library has read ahead, and how much it has sent: no function tells
// clang-format on

#include <type_traits>

static_assert(
    MARIADB_PACKAGE_VERSION_ID >= 30304,
    "oneloop needs libmariadb 3.3.4 or later: before it, a connection that failed leaked, or was freed twice"
);
static_assert(MYSQL_WAIT_READ == 1 && MYSQL_WAIT_WRITE == 2);
static_assert(std::is_same_v<my_socket, int>);

namespace oneloop::mysql {

/// libmariadb's one-time set-up. It is never taken back: other users of it in the same process may still run.
void init_library();

} // namespace oneloop::mysql
