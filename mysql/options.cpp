#include "core/server_url.hpp"
#include "mysql/option_check.hpp"

#include <utility>

namespace oneloop::mysql {

options options::from_url(std::string_view url) {
    server_url parts("mysql", url);
    if (const char* bad = refuse_host(parts.host)) // of addresses it takes fewer than a server_url does
        throw error(failure(errc::invalid_argument).doing("a mysql:// URL").because(bad));
    options o;
    o.host(std::move(parts.host)).port(parts.port.value_or(o.port()));
    o.user(std::move(parts.user).value_or("")).password(std::move(parts.password).value_or(""));
    return o.database(std::move(parts.path).value_or(""));
}

} // namespace oneloop::mysql
