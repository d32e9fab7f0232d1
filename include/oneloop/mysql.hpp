#pragma once

/// The MySQL and MariaDB client, and the loop it runs on.

#include <oneloop/core.hpp>
#include <oneloop/mysql/connection.hpp>
#include <oneloop/mysql/error.hpp>
#include <oneloop/mysql/options.hpp>
#include <oneloop/mysql/pool.hpp>
#include <oneloop/mysql/rows.hpp>
