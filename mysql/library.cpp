#include "core/sigpipe.hpp"
#include "mysql/mysql_include.hpp"

#include <mutex>
#include <stdexcept>

namespace oneloop::mysql {

void init_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        ignore_sigpipe(); // under TLS, OpenSSL writes without MSG_NOSIGNAL
        if (mysql_library_init(0, nullptr, nullptr) != 0)
            throw std::runtime_error("libmariadb could not be set up");
    });
}

} // namespace oneloop::mysql
