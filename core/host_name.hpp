#pragma once

#include <string>
#include <string_view>

namespace oneloop {

/// Why this cannot be the name of a host, in words; null if it can. Names beyond ASCII have to be written in
/// punycode, and what c-ares would take for an escape is refused: the name in the cache shall be the name
/// that was asked.
const char* refuse_host_name(std::string_view name) noexcept;

/// DNS does not tell capital letters from small ones. A dot at the end stays: the name without it may be
/// another one, with a search domain.
std::string normal_host_name(std::string name);

/// A name for a log: control characters and what is not ASCII as '?', and not longer than a name can be.
std::string printable_host_name(std::string_view name);

} // namespace oneloop
