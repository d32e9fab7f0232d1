// Clients of one loop, used by coroutines of four others on threads of their own, with operations that are
// cancelled at random: each gets its own answer, exactly once. Run under ThreadSanitizer as well.

#include "tests/support/catch.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/mariadb_server.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/redis_server.hpp"
#include <oneloop/http.hpp>
#include <oneloop/mysql.hpp>
#include <oneloop/redis.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr int threads = 4, rounds = 200, beside = 4;

// A loop that runs on a thread of its own for as long as this lives.
class home {
public:
    home() : thread_([this] { loop_.run(); }) {}
    ~home() {
        work_.reset();
        thread_.join();
    }
    home(const home&) = delete;
    home& operator=(const home&) = delete;

    executor loop() { return loop_.get_executor(); }

private:
    asio::io_context loop_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
    std::thread thread_;
};

// Made by any thread, destroyed where it has to be: on its loop.
template <class Client, class... Args>
std::shared_ptr<Client> make_at(home& where, Args&&... args) {
    return {new Client(where.loop(), std::forward<Args>(args)...), [loop = where.loop()](Client* client) {
                asio::post(loop, [client] { delete client; });
            }};
}

struct tally {
    std::atomic<int> answered = 0, cancelled = 0, wrong = 0, failed = 0;
};

// `ask(text)` gives the text back. Some are cancelled after a random while.
awaitable<> ask_often(std::function<awaitable<std::string>(std::string)> ask, tally& t, unsigned seed) {
    std::minstd_rand chance(seed);
    for (int round = 0; round < rounds; ++round) {
        const auto text = std::to_string(seed) + "x" + std::to_string(round);
        const std::chrono::microseconds patience(chance() % 3'000);
        try {
            std::string answer;
            if (round % 2)
                answer = co_await ask(text);
            else
                answer = co_await timeout(patience, ask(text));
            ++(answer == text ? t.answered : t.wrong);
        } catch (const error& e) {
            if (e.code() == condition::timeout)
                ++t.cancelled;
            else
                ++t.failed, UNSCOPED_INFO(e.what());
        }
    }
}

void from_threads(std::function<awaitable<std::string>(std::string)> ask) {
    tally t;
    std::vector<std::thread> all;
    for (int id = 0; id < threads; ++id)
        all.emplace_back([&t, &ask, id] {
            std::vector<awaitable<>> some;
            for (int i = 0; i < beside; ++i)
                some.push_back(ask_often(ask, t, static_cast<unsigned>(id * beside + i + 1)));
            run(gather(std::move(some)));
        });
    for (auto& thread : all)
        thread.join();
    CHECK(t.wrong == 0);
    CHECK(t.failed == 0);
    CHECK(t.answered >= threads * beside * rounds / 2);
    CHECK(t.answered + t.cancelled == threads * beside * rounds);
}

} // namespace

TEST_CASE("an http::client is used from four threads", "[http]") {
    const nginx server(nginx_options().server("location /echo/ { return 200 $uri; }"));
    home at;
    auto http = make_at<http::client>(at);
    from_threads([&](std::string text) -> awaitable<std::string> {
        auto page = co_await http->get(server.url("/echo/" + text));
        co_return page.body().substr(6);
    });
}

TEST_CASE("an http::client's bodies are read from four threads", "[http]") {
    const nginx server(nginx_options().server("location /echo/ { return 200 $uri; }"));
    home at;
    auto http = make_at<http::client>(at);
    from_threads([&](std::string text) -> awaitable<std::string> {
        auto page = co_await http->stream(server.url("/echo/" + text));
        std::string all;
        while (auto piece = co_await page.read())
            all += *piece;
        co_return all.substr(all.rfind('/') + 1);
    });
}

TEST_CASE("a redis::client is used from four threads", "[redis]") {
    const redis_server server;
    home at;
    auto redis = make_at<redis::client>(at, redis::options::from_url(server.url()));
    from_threads([&](std::string text) { return redis->command<std::string>("ECHO", text); });
}

TEST_CASE("a redis::pool is used from four threads", "[redis][pool]") {
    const redis_server server;
    home at;
    auto pool = make_at<redis::pool>(at, redis::options::from_url(server.url()), pool_options().max_size(3));
    from_threads([&](std::string text) -> awaitable<std::string> {
        auto redis = co_await pool->acquire();
        co_return co_await redis->command<std::string>("ECHO", text);
    });
}

TEST_CASE("a mysql::pool is used from four threads", "[mysql][pool]") {
    const mariadb_server server;
    home at;
    auto pool = make_at<mysql::pool>(at, mysql::options::from_url(server.url()), pool_options().max_size(3));
    from_threads([&](std::string text) -> awaitable<std::string> {
        auto db = co_await pool->acquire();
        auto rows = co_await db->query("SELECT ?", text);
        co_return std::string(rows[0][0].text());
    });
}

TEST_CASE("a resolver is used from four threads", "[resolver]") {
    home at, dns;
    auto server = make_at<dns_server>(dns);
    std::atomic<bool> ready = false;
    asio::post(dns.loop(), [&] {
        for (int i = 0; i < 50; ++i)
            server->set(
                "host" + std::to_string(i) + ".test", dns_reply().address("192.0.2." + std::to_string(i), 0)
            );
        ready = true;
        ready.notify_all();
    });
    ready.wait(false);
    auto names = make_at<resolver>(at, resolver_options().server(server->address()));
    from_threads([&](std::string text) -> awaitable<std::string> {
        const auto number = std::to_string(std::hash<std::string>()(text) % 50);
        auto list = co_await names->resolve("host" + number + ".test");
        co_return list.at(0).to_string() == "192.0.2." + number ? text : "another's answer";
    });
}

TEST_CASE("functions are run on one pool for four loops", "[blocking]") {
    blocking_pool pool(3);
    from_threads([&](std::string text) -> awaitable<std::string> {
        return run_blocking(
            pool, [](std::string t) { return t; }, std::move(text)
        );
    });
    CHECK(pool.stats().waiting == 0);
}

TEST_CASE("a promise is fulfilled by one thread and awaited by another", "[future]") {
    blocking_pool elsewhere(3);
    from_threads([&](std::string text) -> awaitable<std::string> {
        promise<std::string> p;
        auto answer = p.get_future();
        auto fulfil = [](promise<std::string> mine, std::string t) { mine.set_value(std::move(t)); };
        co_await run_blocking(elsewhere, fulfil, std::move(p), text);
        co_return co_await answer.get();
    });
}
