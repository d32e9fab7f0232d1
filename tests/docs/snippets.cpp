// The README's shorter code blocks, compiled.

#include <oneloop/http.hpp>
#include <oneloop/mysql.hpp>
#include <oneloop/redis.hpp>

#include <iostream>
#include <ranges>

using namespace oneloop;

// [errors]
using namespace std::chrono_literals; // for 20s

awaitable<> careful(http::client& http, std::string url) {
    auto patient = http::request_options().total_timeout(20s).connect_timeout(2s);
    auto page = co_await http.get(url, patient, nothrow);
    if (page)
        std::cout << page->throw_for_status().body();
    else if (page.error() == condition::timeout && page.error().outcome() == outcome::not_sent)
        std::cout << "safe to try again: " << page.error().message() << "\n";
    else
        page.value(); // throws the error; without checking, `->` on a failure is undefined
}
// [/errors]

// [together]
awaitable<> together(http::client& http, std::vector<std::string> urls) {
    auto quick = co_await timeout(2s, http.get(urls.front())); // cancelled and awaited after 2 s
    auto fetch = [&](const std::string& url) { return http.download(url, url.substr(url.rfind('/') + 1)); };
    auto files = co_await gather(
        urls | std::views::transform(fetch), 20
    ); // 20 at a time; one failure cancels the rest
    for (const auto& file : files)
        file.throw_for_status(); // a 404 is an answer, and leaves no file
    auto [page, number] = co_await gather(http.get(urls.front()), sleep_for(1s, 7));
    co_await with_task_group([&](task_group& tasks) -> awaitable<> {
        auto later = tasks.spawn(http.get(urls.back())); // begins on the next turn
        co_await sleep_for(100ms);
        std::cout << (co_await later.get()).status() << "\n";
    });
}
// [/together]

int main() {}

// [redis]
awaitable<> park(std::string url) { // "redis://:password@127.0.0.1:6379/0"
    redis::client redis(co_await this_coro::executor, redis::options::from_url(url));
    co_await redis.hset("car", "make", "Volvo", "year", 1963);
    auto car = co_await redis.hgetall("car");                    // a std::map of texts
    auto visits = co_await redis.command<int>("INCR", "visits"); // any command, any type of answer
    std::cout << car["make"] << ", visit number " << visits << "\n";
    co_await redis.close();
}
// [/redis]

// [mysql]
awaitable<> ask(std::string url) { // "mysql://user:password@127.0.0.1:3306/garage"
    auto sizes = pool_options().min_size(1).max_size(10);
    mysql::pool pool(co_await this_coro::executor, mysql::options::from_url(url), sizes);
    auto db = co_await pool.acquire(); // goes back at the end of the scope
    auto cars = co_await db->query("SELECT make, wheels FROM car WHERE wheels > ?", 3);
    for (const auto& car : cars)
        std::cout << car["make"].text() << ": " << car["wheels"].as<int>() << " wheels\n";
}
// [/mysql]

// [scopes]
awaitable<> count_pages(http::client& http, std::vector<std::string> urls, mysql::options where) {
    auto fetch = [&](const std::string& url) {
        return retry(
            retry_policy().attempts(5).idempotent(), [&](std::string u) { return http.get(u); }, url
        );
    };
    auto opening = mysql::connect(co_await this_coro::executor, where);
    co_await with_closing(std::move(opening), [&](mysql::connection& db) -> awaitable<> {
        co_await with_completed(urls | std::views::transform(fetch), 20, [&](auto& pages) -> awaitable<> {
            while (auto page = co_await pages.next()) // the next that is there, in whatever order
                co_await db.query("INSERT INTO page VALUES (?, ?)", page->index(), page->get().body_size());
        }); // the first get() that throws ends it, and cancels the rest
    });     // db.close() has been awaited
}
// [/scopes]

// [testing]
#include <oneloop/testing.hpp> // for your tests only

void an_hour_passes_at_once() {
    testing::run([]() -> awaitable<> {
        const auto begin = loop_clock::now();
        auto late = [](executor loop) -> awaitable<> {
            co_await channel<int>(loop, 1).receive(); // nobody sends
        };
        try {
            co_await timeout(1h, late(co_await this_coro::executor));
        } catch (const error& e) {
            std::cout << e.what() << " after " << (loop_clock::now() - begin) / 1min << " min\n";
        }
    });
}
// [/testing]
