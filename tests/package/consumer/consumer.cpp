#include "headers.hpp"

#if defined(CURLINC_CURL_H) || defined(ARES__H) || defined(__HIREDIS_H) || defined(_mysql_h)
#error "a public header includes that of a C library"
#endif

static boost::asio::awaitable<int> answer() {
#ifdef WITH_HTTP
    oneloop::http::client http;
    static_cast<void>(http);
#endif
    co_return 42;
}

int main() {
    return oneloop::run(answer()) == 42 ? 0 : 1;
}
