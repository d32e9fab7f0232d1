#pragma once

/// Redis: one shared connection (`redis::client`), or a pool of them (`redis::pool`).

#include <oneloop/core.hpp>
#include <oneloop/redis/client.hpp>
#include <oneloop/redis/commands.hpp>
#include <oneloop/redis/error.hpp>
#include <oneloop/redis/options.hpp>
#include <oneloop/redis/pool.hpp>
#include <oneloop/redis/reply.hpp>
#include <oneloop/redis/request.hpp>
#include <oneloop/redis/value.hpp>
