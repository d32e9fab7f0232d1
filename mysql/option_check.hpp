#pragma once

#include <oneloop/error.hpp>
#include <oneloop/mysql/options.hpp>

namespace oneloop::mysql {

/// Why this cannot be `options::host`, in words; null if it can. Only an address or a name in the sense of
/// RFC 1123: libmariadb takes "a=b;c=d" for a list of options, "x://" for a plug-in to load, and "," for a
/// list of hosts.
const char* refuse_host(const std::string& host) noexcept;

/// A failure without a code: these options can be tried.
failure check(const options&);

/// "connect mysql://user@host:3306/database", without the password.
std::string connecting_to(const options&);

} // namespace oneloop::mysql
