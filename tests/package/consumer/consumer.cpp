#include "headers.hpp"

#if defined(CURLINC_CURL_H) || defined(ARES__H) || defined(__HIREDIS_H) || defined(_mysql_h)
#error "a public header includes that of a C library"
#endif

static boost::asio::awaitable<int> answer() {
#ifdef WITH_HTTP
    oneloop::http::client http(co_await oneloop::this_coro::executor);
    const auto refused = co_await http.get("nonsense", oneloop::nothrow);
    if (!(refused.error() == oneloop::condition::argument))
        co_return 1;
#endif
#ifdef WITH_REDIS
    oneloop::redis::client redis(co_await oneloop::this_coro::executor, oneloop::redis::options().port(1));
    const auto unsafe = co_await redis.command("SUBSCRIBE", "news", oneloop::nothrow);
    if (!(unsafe.error() == oneloop::condition::argument))
        co_return 1;
#endif
#ifdef WITH_MYSQL
    const auto nobody = co_await oneloop::mysql::connect(
        co_await oneloop::this_coro::executor, oneloop::mysql::options(), oneloop::nothrow
    );
    if (!(nobody.error() == oneloop::condition::argument))
        co_return 1;
#endif
    co_return 42;
}

int main() {
    return oneloop::run(answer()) == 42 ? 0 : 1;
}
