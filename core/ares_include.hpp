#pragma once

// The only file that includes <ares.h>, and what we take for granted of it.

// ares_query is told to be deprecated from 1.28 on; what comes after it is not there before.
#define CARES_NO_DEPRECATED
#include <ares.h>

#include <type_traits>

// 1.18 is the oldest that was tested.
static_assert(ARES_VERSION >= 0x011200, "oneloop needs c-ares 1.18 or newer");
static_assert(std::is_same_v<ares_socket_t, int>, "poll_set takes c-ares' sockets as descriptors");
static_assert(ARES_SUCCESS == 0, "a status is the value of an error_code, in which 0 means success");

namespace oneloop {

/// ares_library_init for the whole process, once; gives its status. It is never undone: another library of
/// the process may use c-ares too.
inline int init_ares() {
    static const int status = ::ares_library_init(ARES_LIB_INIT_ALL);
    return status;
}

} // namespace oneloop
