#pragma once

/// The one place that includes hiredis, and what oneloop assumes of it.

extern "C" {
#include <hiredis/sds.h> // 0.14 forgets to say that it is C
}
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <cstddef>
#include <type_traits>

// Exported by the library, but declared in none of its headers: hands the replies that were read to their
// callbacks.
extern "C" void redisProcessCallbacks(redisAsyncContext*);

static_assert(
    HIREDIS_MAJOR == 0 ? HIREDIS_MINOR >= 14 : HIREDIS_MAJOR == 1,
    "the link was written for hiredis 0.14 and 1.x; look at codec.cpp before another one is allowed"
);
// The reader's functions give the length of an array as an int in 0.14 and as a size_t since 1.0
using hiredis_array_length = std::conditional_t<HIREDIS_MAJOR == 0, int, std::size_t>;
static_assert(offsetof(redisAsyncContext, c) == 0);
static_assert(offsetof(redisReply, type) == 0);
static_assert(std::is_same_v<decltype(redisContext::obuf), sds> || std::is_same_v<decltype(redisContext::obuf), char*>);
