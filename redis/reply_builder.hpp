#pragma once

#include "redis/hiredis_include.hpp"
#include <oneloop/redis/value.hpp>

namespace oneloop::redis {

/// What hiredis makes of a reply: its parser calls these functions, and they build a `value`.
extern redisReplyObjectFunctions reply_functions;

/// The value in what hiredis gives to a callback.
value take_value(void* reply);

} // namespace oneloop::redis
