#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop {

/// "scheme://user:password@host:port/path" taken apart, percent signs decoded: how the address of a database
/// is written. Less than a URL may be (no query, no fragment, one step of a path), so that a slip of the pen
/// is found; Boost.URL takes more and would be one more library for everybody to link.
class server_url {
public:
    /// Throws `error` with `condition::argument`; what it says never shows the URL, which may hold a
    /// password.
    server_url(std::string_view scheme, std::string_view url);

    std::optional<std::string> user, password;
    std::string host;
    std::optional<std::uint16_t> port;
    std::optional<std::string> path; ///< without the '/' in front
};

} // namespace oneloop
