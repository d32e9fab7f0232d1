#pragma once

#include <oneloop/error.hpp>

namespace oneloop::http {

/// Codes with the numbers of libcurl's CURLcode. `message()` is libcurl's own text.
const boost::system::error_category& curl_category() noexcept;

/// Codes whose value is an HTTP status: what `response::throw_for_status()` throws. All are
/// `condition::server`.
const boost::system::error_category& status_category() noexcept;

} // namespace oneloop::http
