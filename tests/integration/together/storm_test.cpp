// Redis and MySQL on one loop while ten thousand operations are cancelled at random moments: nobody receives
// another's answer, everything completes once, and nothing is left.

#include "tests/support/catch.hpp"
#include "tests/support/mariadb_server.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/resources.hpp"
#include "tests/support/run_test.hpp"
#include <oneloop/mysql.hpp>
#include <oneloop/redis.hpp>

#include <array>
#include <functional>
#include <random>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

class ledger {
public:
    ledger(unsigned seed, std::size_t enough) : enough_(enough), chance_(seed) {}

    std::string next_id() { return "id-" + std::to_string(chance_()) + "-" + std::to_string(++started); }
    bool to_be_cancelled() { return chance_() % 2 == 0; }
    // Some end in the queue of a pool, some in flight, some in time
    std::chrono::microseconds patience() { return std::chrono::microseconds(chance_() % 5000); }
    bool over() const { return cancelled >= enough_ && answered >= enough_; }

    // How one operation ended, which may only be its own answer or its own cancellation.
    void ended(const std::string& id, const result<std::string>& how) {
        ++ended_;
        if (how.has_value()) {
            ++answered;
            mismatched += *how == id ? 0 : 1;
        } else if (how.error() == condition::timeout && how.error().limit().empty() == false) {
            ++cancelled;
        } else {
            ++failed;
            last_failure = how.error().message();
        }
    }

    std::size_t started = 0, ended_ = 0, answered = 0, cancelled = 0, mismatched = 0, failed = 0;
    std::string last_failure;

private:
    const std::size_t enough_;
    std::minstd_rand chance_;
};

// Awaits an operation that gives `id` back, or cancels it after a random while.
template <class Start>
awaitable<> one(ledger& book, std::string id, Start start) {
    result<std::string> how = failure(errc::closed);
    try {
        if (book.to_be_cancelled())
            how = co_await timeout(book.patience(), start(id));
        else
            how = co_await start(id);
    } catch (const error& e) {
        how = e.failure();
    }
    book.ended(id, how);
}

template <class Start>
awaitable<> worker(ledger& book, Start start) {
    while (!book.over())
        co_await one(book, book.next_id(), start);
}

awaitable<std::string> echo(redis::client& redis, std::string id) {
    co_return co_await redis.command<std::string>("ECHO", id);
}

awaitable<std::string> borrowed_echo(redis::pool& pool, std::string id) {
    auto redis = co_await pool.acquire();
    co_await redis->command<void>("SET", id, id);
    co_await redis->command<void>("BLPOP", "empty", 0.004); // the answer is late, for this one only
    auto text = co_await redis->get(id);
    co_await redis->del(id);
    co_return text.value_or("nothing");
}

awaitable<std::string> select(mysql::pool& pool, std::string id) {
    auto db = co_await pool.acquire();
    auto rows = co_await db->query("SELECT SLEEP(0.004), '" + id + "'");
    co_return std::string(rows.front()[1].text());
}

// One for each way: a shared connection, a borrowed one, SQL.
class ledgers {
public:
    explicit ledgers(unsigned seed, std::size_t part)
        : shared(seed, 6 * part), lent(seed + 1, 2 * part), sql(seed + 2, 2 * part) {}
    std::array<const ledger*, 3> all() const { return {&shared, &lent, &sql}; }

    ledger shared, lent, sql;
};

awaitable<> storm(ledgers& books, const redis_server& redis_at, const mariadb_server& mysql_at) {
    auto loop = co_await this_coro::executor;
    redis::client redis(loop, redis::options::from_url(redis_at.url()));
    redis::pool redis_pool(loop, redis::options::from_url(redis_at.url()), pool_options().max_size(3));
    mysql::pool mysql_pool(loop, mysql::options::from_url(mysql_at.url()), pool_options().max_size(3));
    auto shared = [&](std::string id) { return echo(redis, std::move(id)); };
    auto lent = [&](std::string id) { return borrowed_echo(redis_pool, std::move(id)); };
    auto sql = [&](std::string id) { return select(mysql_pool, std::move(id)); };
    co_await with_task_group([&](task_group& tasks) -> awaitable<> {
        for (int i = 0; i < 8; ++i)
            tasks.spawn(worker(books.shared, shared));
        for (int i = 0; i < 5; ++i)
            tasks.spawn(worker(books.lent, lent));
        for (int i = 0; i < 5; ++i)
            tasks.spawn(worker(books.sql, sql));
        co_return;
    });
    // Everything is back: each can still be used, and nothing is owed
    auto last = co_await echo(redis, "last");
    CHECK(last == "last");
    CHECK(redis.stats().connects == 1); // cancelling a command costs no connection
    CHECK(redis.stats().in_flight == 0);
    CHECK(redis.stats().abandoned == 0);
    while (redis_pool.stats().busy + mysql_pool.stats().busy > 0)
        co_await sleep_for(1ms);
    for (const auto& s : {redis_pool.stats(), mysql_pool.stats()}) {
        CHECK(s.waiting == 0);
        CHECK(s.idle + s.connecting + s.closing <= 3);
    }
    std::vector<lease<redis::connection>> all;
    std::vector<lease<mysql::connection>> all_sql;
    for (int i = 0; i < 3; ++i) { // no place was lost
        all.push_back(co_await redis_pool.acquire());
        all_sql.push_back(co_await mysql_pool.acquire());
    }
    for (auto& db : all_sql)
        co_await db->ping();
    CHECK(redis_pool.stats().busy == 3);
    CHECK(mysql_pool.stats().busy == 3);
    all.clear();
    all_sql.clear();
    // Both kinds of cancel have happened: of those that waited, and of those in flight, which cost a
    // connection
    if (books.lent.started > 1'000) {
        CHECK(redis_pool.stats().discarded > 50);
        CHECK(mysql_pool.stats().discarded > 50);
    }
    co_await gather(redis.close(), redis_pool.close(), mysql_pool.close());
}

} // namespace

TEST_CASE("a storm of cancels over Redis and MySQL: no answer goes astray", "[together][storm]") {
    const redis_server redis_at;
    const mariadb_server mysql_at;
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    ledgers warm_up(seed, 10); // a short one, for what is made once
    run_test([&] { return storm(warm_up, redis_at, mysql_at); });

    const resources before = resources_now();
    ledgers books(seed, 1'000);
    run_test([&] { return storm(books, redis_at, mysql_at); }, 100s);
    std::size_t cancelled = 0, answered = 0;
    for (const ledger* book : books.all()) {
        INFO(book->last_failure);
        CHECK(book->mismatched == 0);
        CHECK(book->failed == 0);
        CHECK(book->ended_ == book->started);
        cancelled += book->cancelled;
        answered += book->answered;
    }
    CHECK(cancelled >= 10'000);
    CHECK(answered >= 10'000);
    require_same_resources(before, 256 * 1024);
    CHECK(redis_at.clients().empty());
}
