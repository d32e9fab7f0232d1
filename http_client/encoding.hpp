#pragma once

#include <string>
#include <string_view>

namespace oneloop::http {

/// Everything but letters, digits and -._~ as %XX (RFC 3986, 2.3): good inside of a query and of a form.
std::string percent_encoded(std::string_view text);

} // namespace oneloop::http
