#pragma once

#include "mysql/mysql_include.hpp"

#include <string>

namespace oneloop::mysql {

/// From 3.4 on libmariadb does not look whether a certificate is that of "127.0.0.1" or "::1", though a
/// tunnel to anywhere may begin there. After this it does, for a handle that verifies and knows whom to
/// trust; with a libmariadb whose TLS is not OpenSSL's such a host is refused. Other hosts it checks by
/// itself.
void check_loopback_certificate(MYSQL*, const std::string& host);

} // namespace oneloop::mysql
