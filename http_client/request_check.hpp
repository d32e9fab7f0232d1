#pragma once

#include <oneloop/error.hpp>
#include <oneloop/http/headers.hpp>
#include <oneloop/http/request.hpp>

#include <cstddef>
#include <string_view>

namespace oneloop::http {

/// libcurl sends header strings as they are, so a line break in one would be a header of its own. Fields that
/// say where the request ends are refused, too. No code: all is well.
failure check(const headers&);

/// Of everything in a request that becomes a line, and of how much that is.
failure check(const request&, std::size_t bytes_of_url);

/// The same for a method. CONNECT is no request to a server, and TRACE gives secrets back to whoever asks.
failure check_method(std::string_view method);

/// RFC 9110, 9.2.2: to do it twice is to do it once.
bool is_idempotent(std::string_view method) noexcept;

} // namespace oneloop::http
