#pragma once

#include "http_client/easy.hpp"

#include <string>

namespace oneloop::http {

/// Whom to trust: the authorities in `file`, or the system's if that is empty.
void trust(easy& e, const std::string& file);

} // namespace oneloop::http
