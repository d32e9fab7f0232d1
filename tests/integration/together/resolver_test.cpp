// One resolver for all clients of a loop.

#include "tests/support/catch.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/mariadb_server.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/resources.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/tcp_server.hpp"
#include <oneloop/gather.hpp>
#include <oneloop/http.hpp>
#include <oneloop/mysql.hpp>
#include <oneloop/redis.hpp>
#include <oneloop/resolver.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

class servers {
public:
    tcp_server http{http_answers("page")};
    redis_server redis;
    mariadb_server mysql;
};

awaitable<> ask_http(std::shared_ptr<resolver> names, std::string url) {
    auto loop = co_await this_coro::executor;
    http::client http(loop, http::client_options().resolve_with(names));
    auto page = co_await http.get(url);
    CHECK(page.body() == "page");
}

awaitable<> ask_redis(redis::options how) {
    auto loop = co_await this_coro::executor;
    redis::client redis(loop, how);
    co_await redis.ping();
    redis::pool pool(loop, how, pool_options().max_size(1));
    auto lent = co_await pool.acquire();
    co_await lent->ping();
}

awaitable<> ask_mysql(mysql::options how) {
    auto loop = co_await this_coro::executor;
    auto db = co_await mysql::connect(loop, how);
    co_await db.ping();
    mysql::pool pool(loop, how, pool_options().max_size(1));
    auto lent = co_await pool.acquire();
    co_await lent->ping();
}

// Five connections of three protocols to one name, at the same time.
awaitable<> ask_all(const servers& all, std::shared_ptr<resolver> names) {
    const std::string url = "http://all.test:" + std::to_string(all.http.port()) + "/";
    auto redis = redis::options::from_url(all.redis.url()).host("all.test").resolve_with(names);
    auto mysql = mysql::options::from_url(all.mysql.url()).host("all.test").resolve_with(names);
    co_await gather(ask_http(names, url), ask_redis(redis), ask_mysql(mysql));
}

} // namespace

TEST_CASE("one look-up serves HTTP, Redis and MySQL", "[together][resolver]") {
    const servers all;
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        dns_server server(loop);
        server.set("all.test", dns_reply().address("127.0.0.1", 300).after(50ms));
        auto how = resolver_options().server(server.address()).hosts_file("").no_search_domains();
        auto names = std::make_shared<resolver>(loop, how);
        co_await ask_all(all, names);
        CHECK(server.asked("all.test") == 1);
        const auto stats = names->stats();
        CHECK(stats.queries == 1);
        CHECK(stats.joined == 2);
        CHECK(stats.hits == 2); // of the pools, afterwards
        CHECK(stats.waiting == 0);
    });
}

TEST_CASE("an override leads all three to another host, at every port", "[together][resolver]") {
    const servers all;
    run_test([&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        auto how = resolver_options().override_name("all.test", "127.0.0.1");
        auto names = std::make_shared<resolver>(loop, how);
        co_await ask_all(all, names);
        CHECK(names->stats().local == 5);
        CHECK(names->stats().questions == 0);
    });
}
