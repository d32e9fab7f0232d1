#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oneloop {

/// What resolv.conf says about whom to ask, and for which names.
struct resolv_conf {
    std::vector<std::string> servers; ///< "192.0.2.1", "[2001:db8::1]", at most three, as the C library takes
    std::vector<std::string> search;  ///< in small letters
    std::size_t ndots = 1;
    bool rotate = false; ///< begin with another server each time

    friend bool operator==(const resolv_conf&, const resolv_conf&) = default;
};

/// Reads the text of the file and the environment, which comes after it: LOCALDOMAIN (in place of the search
/// list) and RES_OPTIONS. Null for a variable that is not set. What is not understood is passed over; a
/// missing file is an empty text, and that means a server on this machine.
resolv_conf read_resolv_conf(std::string_view text, const char* local_domain, const char* res_options);

} // namespace oneloop
