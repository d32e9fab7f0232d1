// Three clients on one thread: downloads many URLs at once, counts them in Redis, stores a row for each in
// MySQL.

#include <oneloop/http.hpp>
#include <oneloop/mysql.hpp>
#include <oneloop/redis.hpp>

#include <iostream>
#include <ranges>

using namespace oneloop;

class clients {
public:
    clients(executor loop, const std::string& redis_url, const std::string& mysql_url)
        : http(loop),
          redis(loop, redis::options::from_url(redis_url)),
          db(loop, mysql::options::from_url(mysql_url), pool_options().max_size(4)) {}

    http::client http;
    redis::client redis;
    mysql::pool db;
};

// A page that cannot be had is counted, too, and ends nothing.
awaitable<> fetch_and_store(clients& c, std::string url) {
    auto page = co_await c.http.get(url, nothrow);
    if (!page) {
        std::cout << page.error().message() << "\n";
        co_await c.redis.command<void>("HINCRBY", "pages", "failed", 1);
        co_return;
    }
    co_await c.redis.command<void>("HINCRBY", "pages", std::to_string(page->status()), 1);
    auto db = co_await c.db.acquire();
    co_await db->query("REPLACE INTO page VALUES (?, ?, ?)", url, page->status(), page->body_size());
}

awaitable<> report(clients& c) {
    auto counts = co_await c.redis.hgetall("pages");
    for (const auto& [status, number] : counts)
        std::cout << "in Redis: " << number << " x " << status << "\n";
    auto db = co_await c.db.acquire();
    auto pages = co_await db->query("SELECT url, bytes FROM page ORDER BY bytes DESC LIMIT 10");
    for (const auto& page : pages)
        std::cout << "in MySQL: " << page["bytes"].as<std::uint64_t>() << " bytes, " << page["url"].text()
                  << "\n";
}

awaitable<> program(std::string redis_url, std::string mysql_url, std::vector<std::string> urls) {
    clients c(co_await this_coro::executor, redis_url, mysql_url);
    {
        auto db = co_await c.db.acquire();
        co_await db->query(
            "CREATE TABLE IF NOT EXISTS page (url VARCHAR(500) PRIMARY KEY, status INT, bytes BIGINT)"
        );
    }
    auto one = [&](const std::string& url) { return fetch_and_store(c, url); };
    co_await gather(urls | std::views::transform(one), 20); // 20 at a time
    co_await report(c);
    co_await gather(c.http.close(), c.redis.close(), c.db.close());
}

int main(int argc, char** argv) {
    if (argc < 4) {
        std::cerr << "usage: 21_fetch_and_store REDIS-URL MYSQL-URL URL...\n";
        return 2;
    }
    return run_main(program(argv[1], argv[2], {argv + 3, argv + argc}));
}
