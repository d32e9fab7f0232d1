#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace oneloop::http {

/// A cookie that a client keeps, as `client::cookies()` shows it.
class cookie {
public:
    cookie() = default;

    std::string name, value;
    std::string domain;     ///< "example.org", without a dot in front
    bool and_below = false; ///< goes to the hosts below `domain` as well
    std::string path = "/"; ///< goes to what begins with it
    bool secure = false;    ///< goes over https only
    bool http_only = false; ///< says that scripts of a browser are not to see it
    std::optional<std::chrono::system_clock::time_point> expires; ///< none: as long as the client lives
};

} // namespace oneloop::http
