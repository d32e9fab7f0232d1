#include "http_client/curl_include.hpp"

#include <mutex>
#include <stdexcept>

namespace oneloop::http {

void init_curl() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw std::runtime_error("libcurl could not be set up");
    });
}

} // namespace oneloop::http
