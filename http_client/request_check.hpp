#pragma once

#include <oneloop/error.hpp>
#include <oneloop/http/headers.hpp>

namespace oneloop::http {

/// libcurl sends header strings as they are, so a line break in one would be a header of its own. No code:
/// all is well.
failure check(const headers&);

} // namespace oneloop::http
