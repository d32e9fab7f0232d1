#pragma once

/// The only place that includes libcurl's header, and where we say what we assume of it.

#include <curl/curl.h>

static_assert(LIBCURL_VERSION_NUM >= 0x075500, "oneloop needs libcurl 7.85 or later: CURLOPT_PROTOCOLS_STR");

namespace oneloop::http {

/// libcurl's one-time set-up, done before the first handle is made. It is never taken back: other users of
/// libcurl in the same process may still run.
void init_curl();

} // namespace oneloop::http
