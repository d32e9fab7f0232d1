#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/gather.hpp>
#include <oneloop/pool.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <future>
#include <random>
#include <ranges>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

enum class answer { yes, no, never };

class fake;

// What the connections of a pool meet, as the test wants it.
struct backend {
    answer opens = answer::yes, restores = answer::yes, closes = answer::yes;
    bool sound = true;
    int slow = 0; // turns of the loop until it answers; 0: at once, inside of the call
    int made = 0, alive = 0, opened = 0, restored = 0, closed = 0, dropped = 0;
    std::vector<std::weak_ptr<fake>> all;
};

class fake final : public detail::pooled, public std::enable_shared_from_this<fake> {
public:
    fake(executor loop, backend& b) : loop_(std::move(loop)), backend_(b), number(b.made++) { ++b.alive; }
    ~fake() override { --backend_.alive; }

    void open(told done) override { reply(std::move(done), backend_.opens, backend_.opened); }
    void restore(told done) override { reply(std::move(done), backend_.restores, backend_.restored); }
    bool sound() noexcept override { return backend_.sound && sound_; }
    void close(told done) override { reply(std::move(done), backend_.closes, backend_.closed); }
    void shut_down() noexcept override {
        hanging_ = nullptr;
        if (!std::exchange(down_, true))
            ++backend_.dropped;
    }

    void break_off() { sound_ = false; }
    bool down() const { return down_; }
    // Ends what hangs.
    void finish(answer how) {
        int ignored = 0;
        if (auto done = std::exchange(hanging_, nullptr))
            reply(std::move(done), how, ignored);
    }

private:
    void reply(told done, answer how, int& counter) {
        failure why;
        if (how == answer::never) {
            hanging_ = std::move(done);
            return;
        }
        if (how == answer::yes)
            ++counter;
        else
            why = failure(error_code(asio::error::connection_refused))
                      .in(phase::connect)
                      .doing("connecting to a fake")
                      .because("attempt " + std::to_string(number));
        if (backend_.slow > 0)
            return later(backend_.slow, std::move(done), std::move(why));
        done(std::move(why));
        ++calls_; // a connection may do something after it has told
    }
    void later(int turns, told done, failure why) {
        asio::post(loop_, [weak = weak_from_this(), turns, done, why] {
            const auto self = weak.lock();
            if (!self || self->down_)
                return;
            if (turns > 1)
                return self->later(turns - 1, done, why);
            done(why);
            ++self->calls_;
        });
    }

    executor loop_;
    backend& backend_;
    told hanging_;
    bool down_ = false, sound_ = true;
    int calls_ = 0;

public:
    const int number;
    bool in_use = false;
};

class fake_connection {
public:
    fake_connection() = default;
    fake& get() const { return *fake_; }
    std::shared_ptr<fake> share() const { return fake_; }
    int number() const { return fake_->number; }

private:
    friend class oneloop::lease<fake_connection>;
    explicit fake_connection(const detail::lent_ptr& loan)
        : fake_(std::static_pointer_cast<fake>(loan->connection())) {}
    std::shared_ptr<fake> fake_;
};

class fake_pool : public pool<fake_connection> {
public:
    fake_pool(executor loop, backend& b, pool_options o = pool_options())
        : pool(loop, std::move(o), [loop, &b] {
              auto made = std::make_shared<fake>(loop, b);
              b.all.push_back(made);
              return made;
          }) {}
};

using fake_lease = lease<fake_connection>;

pool_options of(std::size_t max) {
    return pool_options().max_size(max).retry(backoff(1h, 1h));
}

template <class Condition>
awaitable<> until(Condition holds) {
    while (!holds())
        co_await sleep_for(1ms);
}

// Runs `body(pool, backend)` in virtual time; at the end nothing may be left.
template <class Body>
void with_pool(pool_options o, Body body) {
    backend b;
    testing::run([&]() -> awaitable<> {
        fake_pool p(co_await this_coro::executor, b, std::move(o));
        co_await body(p, b);
    });
    CHECK(b.alive == 0);
}

std::string here(std::source_location where = std::source_location::current()) {
    return "pool_test.cpp:" + std::to_string(where.line());
}

} // namespace

TEST_CASE("pool: a connection is opened when it is wanted, and used again", "[pool]") {
    with_pool(of(2), [](fake_pool& pool, backend& b) -> awaitable<> {
        co_await turns();
        CHECK(b.made == 0);
        {
            auto c = co_await pool.acquire();
            CHECK(c);
            CHECK(c->number() == 0);
            CHECK((*c).number() == 0);
            CHECK(pool.stats().busy == 1);
        }
        CHECK(pool.stats().busy == 0);
        CHECK(pool.stats().idle == 1);
        CHECK(b.restored == 1);
        auto again = co_await pool.acquire();
        CHECK(again->number() == 0);
        auto second = co_await pool.acquire();
        CHECK(second->number() == 1);
        CHECK(b.made == 2);
        const auto s = pool.stats();
        CHECK(s.opened == 2);
        CHECK(s.leases == 3);
        CHECK(s.failed + s.discarded + s.waiting + s.connecting + s.closing == 0);
    });
}

TEST_CASE("pool: the handler is never called inside of acquire", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend&) -> awaitable<> {
        bool called = false;
        pool.acquire([&](error_code code, const fake_lease& c) {
            CHECK_FALSE(code);
            CHECK(c);
            called = true;
        });
        CHECK_FALSE(called);
        co_await turns();
        CHECK(called);
        CHECK(pool.stats().idle == 1);
    });
}

TEST_CASE("pool: who waits is served in the order of arrival", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend& b) -> awaitable<> {
        std::vector<int> order;
        auto use = [&](int number) -> awaitable<> {
            auto c = co_await pool.acquire();
            order.push_back(number);
            co_await turns(3);
        };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            for (int i = 0; i < 5; ++i)
                tasks.spawn(use(i));
            co_await turns(1);
            co_await until([&] { return pool.stats().busy == 1; });
            CHECK(pool.stats().waiting == 4);
        });
        CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
        CHECK(b.made == 1);
    });
}

TEST_CASE("pool: who waits in vain is told who has the connections", "[pool]") {
    with_pool(of(2).queue_timeout(20s), [](fake_pool& pool, backend&) -> awaitable<> {
        auto first = co_await pool.acquire();
        const std::string longest = here(std::source_location::current());
        co_await sleep_for(10s);
        auto second = co_await pool.acquire();
        const auto begin = loop_clock::now();
        auto third = co_await pool.acquire(nothrow);
        CHECK(loop_clock::now() - begin == 20s);
        REQUIRE(third.has_error());
        const failure& why = third.error();
        CHECK(why == condition::timeout);
        CHECK(why.phase() == phase::queue);
        CHECK(why.outcome() == outcome::not_sent);
        CHECK(why.limit() == "queue_timeout 20 s");
        CHECK(why.doing() == "acquire");
        CHECK_THAT(why.reason(), containing("2 of 2 are on loan, one for 30 s"));
        // one line above the one that was noted
        const auto line = std::stoi(longest.substr(longest.find(':') + 1)) - 1;
        CHECK_THAT(why.reason(), containing("pool_test.cpp:" + std::to_string(line)));
        CHECK(pool.stats().waiting == 0);
    });
}

TEST_CASE("pool: who waits in vain for a connection to open is told of the last attempt", "[pool]") {
    with_pool(
        of(1).queue_timeout(20s).retry(backoff(10s, 10s)),
        [](fake_pool& pool, backend& b) -> awaitable<> {
            b.opens = answer::no;
            b.slow = 2; // long enough for its limit to be watched
            auto refused = co_await pool.acquire(nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == condition::network);
            // The pool has come to rest meanwhile, and its limits hold all the same
            CHECK(pool.stats().connecting == 0);
            b.opens = answer::never;
            co_await sleep_for(10s); // the longest pause
            auto c = co_await pool.acquire(nothrow);
            REQUIRE(c.has_error());
            const failure late = c.error();
            CHECK(late == condition::timeout);
            CHECK_THAT(late.reason(), containing("no connection could be opened"));
            CHECK_THAT(late.reason(), containing("attempt 0"));
        }
    );
}

TEST_CASE("pool: so many may wait", "[pool]") {
    with_pool(of(1).max_queued(1), [](fake_pool& pool, backend&) -> awaitable<> {
        auto only = co_await pool.acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pool.acquire());
            co_await turns();
            auto too_many = co_await pool.acquire(nothrow);
            REQUIRE(too_many.has_error());
            CHECK(too_many.error() == condition::limit);
            CHECK(too_many.error().phase() == phase::queue);
            CHECK(too_many.error().limit() == "max_queued 1");
            CHECK(pool.stats().waiting == 1);
            only.give_back();
            auto c = co_await waits.get();
            CHECK(c);
        });
    });
}

TEST_CASE("pool: a failure to connect is told as it was, to everybody who waits", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend& b) -> awaitable<> {
        b.opens = answer::no;
        b.slow = 3;
        std::vector<failure> told;
        auto wants = [&]() -> awaitable<> {
            auto c = co_await pool.acquire(nothrow);
            REQUIRE(c.has_error());
            told.push_back(c.error());
        };
        co_await gather(wants(), wants(), wants());
        REQUIRE(told.size() == 3);
        for (const failure& why : told) {
            CHECK(why == condition::network);
            CHECK(why.phase() == phase::connect);
            CHECK(why.doing() == "connecting to a fake");
            CHECK(why.reason() == "attempt 0");
        }
        CHECK(b.made == 1);
        // Within the pause nothing is tried, and nobody has to wait
        co_await wants();
        CHECK(told.back().reason() == "attempt 0");
        CHECK(b.made == 1);
        CHECK(pool.stats().failed == 1);
    });
}

TEST_CASE("pool: it finds back when the server does", "[pool]") {
    with_pool(of(2).retry(backoff(10s, 1min)), [](fake_pool& pool, backend& b) -> awaitable<> {
        b.opens = answer::no;
        auto refused = co_await pool.acquire(nothrow);
        CHECK(refused.has_error());
        b.opens = answer::yes;
        co_await sleep_for(4s); // the pause lasts from half of it to the whole
        auto too_early = co_await pool.acquire(nothrow);
        CHECK(too_early.has_error());
        co_await sleep_for(6s);
        {
            auto c = co_await pool.acquire(nothrow);
            CHECK(c.has_value());
        }
        CHECK(pool.stats().idle == 1);
    });
}

TEST_CASE("pool: a connection that is not sound when it comes back is replaced", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend& b) -> awaitable<> {
        auto c = co_await pool.acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pool.acquire());
            co_await turns();
            c->get().break_off();
            c.give_back();
            auto next = co_await waits.get();
            CHECK(next->number() == 1);
        });
        CHECK(b.restored == 1); // the second
        CHECK(b.closed == 0);   // nobody is polite to a broken connection
        CHECK(b.dropped == 1);
        CHECK(pool.stats().discarded == 1);
    });
}

TEST_CASE("pool: a connection that broke while it lay idle is not lent", "[pool]") {
    with_pool(of(2), [](fake_pool& pool, backend& b) -> awaitable<> {
        {
            auto one = co_await pool.acquire();
            auto two = co_await pool.acquire();
        }
        REQUIRE(pool.stats().idle == 2);
        for (const auto& each : b.all)
            each.lock()->break_off();
        auto c = co_await pool.acquire();
        CHECK(c->number() == 2);
        CHECK(pool.stats().discarded == 2);
        CHECK(pool.stats().idle == 0);
        CHECK(b.dropped == 2);
    });
}

TEST_CASE("pool: a connection whose session cannot be brought back is replaced", "[pool]") {
    for (int slow : {0, 2})
        with_pool(of(1), [slow](fake_pool& pool, backend& b) -> awaitable<> {
            b.slow = slow;
            b.restores = answer::no;
            for (int i = 0; i < 3; ++i) {
                auto c = co_await pool.acquire();
                CHECK(c->number() == i);
            }
            co_await turns();
            CHECK(pool.stats().discarded == 3);
            CHECK(pool.stats().idle == 0);
            CHECK(b.alive == 0);
        });
}

TEST_CASE("pool: while a session is brought back, its connection is lent to nobody", "[pool]") {
    with_pool(of(2), [](fake_pool& pool, backend& b) -> awaitable<> {
        b.restores = answer::never;
        auto c = co_await pool.acquire();
        c.give_back();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pool.acquire());
            co_await turns();
            CHECK_FALSE(waits.done()); // and no other is opened: this one is about to come
            CHECK(pool.stats().busy == 1);
            CHECK(b.made == 1);
            b.all[0].lock()->finish(answer::yes);
            auto next = co_await waits.get();
            CHECK(next->number() == 0);
        });
    });
}

TEST_CASE("pool: a connection is discarded at its borrower's wish", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend& b) -> awaitable<> {
        auto c = co_await pool.acquire();
        c.discard();
        CHECK_FALSE(c);
        c.discard();
        CHECK(b.restored == 0);
        CHECK(pool.stats().discarded == 1);
        auto next = co_await pool.acquire();
        CHECK(next->number() == 1);
    });
}

TEST_CASE("pool: a lease is moved, and gives back once", "[pool]") {
    with_pool(of(2), [](fake_pool& pool, backend& b) -> awaitable<> {
        fake_lease empty;
        CHECK_FALSE(empty);
        empty.give_back();
        auto one = co_await pool.acquire();
        fake_lease other = std::move(one);
        CHECK_FALSE(one);
        CHECK(other->number() == 0);
        one.give_back();
        CHECK(pool.stats().busy == 1);
        auto two = co_await pool.acquire();
        other = std::move(two); // gives back the first
        CHECK(other->number() == 1);
        CHECK(pool.stats().busy == 1);
        CHECK(pool.stats().idle == 1);
        other.give_back();
        other.give_back();
        CHECK_FALSE(other);
        CHECK(pool.stats().idle == 2);
        CHECK(b.restored == 2);
    });
}

TEST_CASE("pool: a lease may end on another thread", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend& b) -> awaitable<> {
        for (const answer how : {answer::yes, answer::no}) {
            b.restores = how;
            auto c = co_await pool.acquire();
            std::thread([c = std::move(c)]() mutable { c.give_back(); }).join();
            CHECK(pool.stats().busy == 1);
            co_await until([&] { return pool.stats().busy == 0; });
        }
        CHECK(pool.stats().discarded == 1);
    });
}

TEST_CASE("pool: it may be used from another thread", "[pool]") {
    with_pool(of(2), [](fake_pool& pool, backend&) -> awaitable<> {
        std::atomic<bool> done = false;
        std::thread user([&] {
            for (int i = 0; i < 200; ++i) {
                fake_lease c = pool.acquire(asio::use_future).get();
                if (i % 3 == 0)
                    c.discard();
            }
            done = true;
        });
        while (!done) {
            auto c = co_await pool.acquire();
            co_await sleep_for(0s);
        }
        user.join();
        co_await until([&] { return pool.stats().busy == 0; });
        CHECK(pool.stats().discarded == 67);
    });
}

TEST_CASE("pool: a lease may outlive its pool", "[pool]") {
    backend b;
    run_test([&]() -> awaitable<> {
        std::optional<fake_pool> pool(std::in_place, co_await this_coro::executor, b, of(3).min_size(2));
        auto c = co_await pool->acquire();
        auto moved = std::move(c);
        pool.reset();
        CHECK(moved);
        CHECK(moved->get().down());
        CHECK(b.dropped == 2);
        CHECK(b.alive == 1);
        moved.give_back();
        CHECK(b.alive == 0);
        co_await turns();
    });
}

TEST_CASE("pool: its destructor tells whoever waits", "[pool]") {
    backend b;
    run_test([&]() -> awaitable<> {
        std::optional<fake_pool> pool(std::in_place, co_await this_coro::executor, b, of(1));
        auto c = co_await pool->acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pool->acquire(nothrow));
            auto closes = tasks.spawn(pool->close());
            auto too_late = tasks.spawn(pool->acquire(nothrow));
            co_await turns();
            pool.reset();
            auto told = co_await waits.get();
            CHECK(told.error() == condition::closed);
            CHECK(told.error().phase() == phase::queue);
            auto told_later = co_await too_late.get();
            CHECK(told_later.error() == condition::closed);
            co_await closes.get();
        });
        std::optional<fake_pool> unused(std::in_place, co_await this_coro::executor, b, of(1));
        auto later = unused->acquire(nothrow); // a coroutine that begins when the pool has gone
        auto close_later = unused->close();
        unused.reset();
        auto told = co_await std::move(later);
        CHECK(told.error() == condition::closed);
        co_await std::move(close_later);
    });
    CHECK(b.alive == 0);
}

TEST_CASE("pool: its destructor tells whoever waits for a connection to open", "[pool]") {
    backend b;
    run_test([&]() -> awaitable<> {
        std::optional<fake_pool> pool(std::in_place, co_await this_coro::executor, b, of(1));
        b.opens = answer::never;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pool->acquire(nothrow));
            co_await turns();
            CHECK(pool->stats().connecting == 1);
            pool.reset();
            auto told = co_await waits.get();
            CHECK(told.error() == condition::closed);
        });
    });
    CHECK(b.alive == 0);
}

TEST_CASE("pool: close lends no more, and waits for what is out", "[pool]") {
    with_pool(of(2), [](fake_pool& pool, backend& b) -> awaitable<> {
        auto one = co_await pool.acquire();
        auto two = co_await pool.acquire();
        two.give_back();
        two = co_await pool.acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pool.acquire(nothrow));
            co_await turns();
            auto closes = tasks.spawn(pool.close());
            auto told = co_await waits.get();
            CHECK(told.error() == condition::closed);
            auto late = co_await pool.acquire(nothrow);
            CHECK(late.error() == condition::closed);
            CHECK_THAT(late.error().message(), containing("the pool is closed"));
            two.give_back();
            co_await turns();
            CHECK_FALSE(closes.done());
            CHECK(b.closed == 1);
            auto closes_too = tasks.spawn(pool.close());
            b.closes = answer::never;
            one.give_back();
            co_await turns();
            CHECK_FALSE(closes.done());
            CHECK(pool.stats().closing == 1);
            b.all[0].lock()->finish(answer::no); // its goodbye failed, and that is all the same
            co_await closes.get();
            co_await closes_too.get();
        });
        CHECK(b.alive == 0);
        co_await pool.close(); // again: done already
    });
}

TEST_CASE("pool: close of a pool that nobody used", "[pool]") {
    with_pool(of(2), [](fake_pool& pool, backend& b) -> awaitable<> {
        co_await pool.close();
        CHECK(b.made == 0);
    });
    with_pool(of(3).min_size(3), [](fake_pool& pool, backend& b) -> awaitable<> {
        co_await pool.close(); // before its first turn
        co_await turns();
        CHECK(b.made == 0);
    });
}

TEST_CASE("pool: close waits for what is being opened, and closes it", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend& b) -> awaitable<> {
        b.opens = answer::never;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto waits = tasks.spawn(pool.acquire(nothrow));
            co_await turns();
            auto closes = tasks.spawn(pool.close());
            auto told = co_await waits.get();
            CHECK(told.error() == condition::closed);
            CHECK_FALSE(closes.done());
            b.all[0].lock()->finish(answer::yes);
            co_await closes.get();
            CHECK(b.closed == 1);
        });
    });
}

TEST_CASE("pool: a close that was given up leaves the pool closed", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend& b) -> awaitable<> {
        auto c = co_await pool.acquire();
        const auto why = co_await caught(timeout(1min, pool.close()));
        CHECK(failure_of(why) == condition::timeout);
        auto told = co_await pool.acquire(nothrow);
        CHECK(told.error() == condition::closed);
        c.give_back();
        CHECK(b.closed == 1);
        co_await pool.close();
    });
}

TEST_CASE("pool: a loop is destroyed with waiters, leases and the pool in its coroutines", "[pool]") {
    backend b;
    for (const auto opens : {answer::yes, answer::never}) {
        b.opens = opens;
        bool resumed = false;
        {
            asio::io_context loop;
            fake_pool outside(loop.get_executor(), b, of(1));
            auto holds = [&](fake_pool& pool) -> awaitable<> {
                auto c = co_await pool.acquire();
                co_await sleep_for(1h);
                resumed = true;
            };
            auto closes = [&](fake_pool& pool) -> awaitable<> {
                co_await turns(3);
                co_await pool.close();
                resumed = true;
            };
            auto told = [&](fake_pool& pool) -> awaitable<> {
                auto c = co_await pool.acquire(nothrow);
                CHECK((opens == answer::never || c.has_error()));
                co_await sleep_for(1h);
            };
            auto all = [&]() -> awaitable<> {
                fake_pool inside(co_await this_coro::executor, b, of(1).min_size(1));
                fake_lease held;
                if (opens == answer::yes)
                    held = co_await inside.acquire();
                co_await gather(told(inside), told(inside), closes(inside));
            };
            asio::co_spawn(loop, all(), asio::detached);
            asio::co_spawn(loop, holds(outside), asio::detached);
            asio::co_spawn(loop, holds(outside), asio::detached);
            loop.poll();
            CHECK(b.alive == 2);
            // `outside` goes before the loop, as it has to; its waiters hear of it no more
        }
        CHECK_FALSE(resumed);
        CHECK(b.alive == 0);
    }
}

TEST_CASE("pool: the smallest size is opened early, and kept", "[pool]") {
    with_pool(of(4).min_size(3).max_connecting(2), [](fake_pool& pool, backend& b) -> awaitable<> {
        b.slow = 2;
        co_await sleep_for(0s);
        CHECK(pool.stats().connecting == 2);
        co_await turns();
        CHECK(pool.stats().idle == 3);
        auto c = co_await pool.acquire();
        c.discard();
        CHECK(pool.stats().connecting == 1);
        co_await turns();
        CHECK(pool.stats().idle == 3);
        CHECK(pool.stats().opened == 4);
    });
}

TEST_CASE("pool: the smallest size is tried for until the server is there", "[pool]") {
    backend b;
    b.opens = answer::no;
    testing::run([&]() -> awaitable<> {
        auto o = of(2).min_size(1).retry(backoff(10s, 40s));
        fake_pool pool(co_await this_coro::executor, b, o);
        const auto begin = loop_clock::now();
        co_await until([&] { return pool.stats().failed >= 4; }); // after pauses of 10, 20 and 40 s at most
        CHECK(loop_clock::now() - begin >= 35s);
        CHECK(loop_clock::now() - begin <= 70s + 1ms);
        b.opens = answer::yes;
        co_await sleep_for(40s);
        CHECK(pool.stats().idle == 1);
    });
}

TEST_CASE("pool: what lies idle too long is closed, and then the pool has no work for the loop", "[pool]") {
    with_pool(of(2).idle_timeout(10min), [](fake_pool& pool, backend& b) -> awaitable<> {
        {
            auto one = co_await pool.acquire();
            auto two = co_await pool.acquire();
        }
        co_await sleep_for(10min - 1s);
        CHECK(pool.stats().idle == 2);
        co_await sleep_for(2s);
        CHECK(pool.stats().idle == 0);
        CHECK(b.closed == 2);
        // Once more, after the pool was at rest
        auto c = co_await pool.acquire();
        c.give_back();
        co_await sleep_for(10min + 1s);
        CHECK(pool.stats().idle == 0);
        CHECK(b.closed == 3);
    });
}

TEST_CASE("pool: a long lease is reported once, with the place where it was taken", "[pool]") {
    std::vector<long_lease> reports;
    auto o =
        of(2).long_lease_after(1min).report_long_lease([&](const long_lease& l) { reports.push_back(l); });
    with_pool(o, [&](fake_pool& pool, backend&) -> awaitable<> {
        auto c = co_await pool.acquire();
        const int line = std::source_location::current().line() - 1;
        co_await sleep_for(59s);
        CHECK(reports.empty());
        co_await sleep_for(2s);
        REQUIRE(reports.size() == 1);
        CHECK(reports[0].age == 1min);
        CHECK(static_cast<int>(reports[0].where.line()) == line);
        CHECK_THAT(reports[0].message(), containing("a connection has been on loan for 60 s"));
        CHECK_THAT(reports[0].message(), containing("pool_test.cpp:" + std::to_string(line)));
        auto second = co_await pool.acquire();
        co_await sleep_for(1h);
        CHECK(reports.size() == 2);
        second.give_back();
        c.give_back();
        auto third = co_await pool.acquire(); // a lease of its own
        co_await sleep_for(1h);
        CHECK(reports.size() == 3);
        CHECK(pool.stats().busy == 1);
    });
    CHECK(reports.size() == 3);
}

TEST_CASE("pool: whoever is told of a long lease may use the pool, or destroy it", "[pool]") {
    backend b;
    testing::run([&]() -> awaitable<> {
        std::optional<fake_pool> pool;
        int told = 0, got = 0;
        auto o = of(100).max_connecting(100).long_lease_after(1min).report_long_lease([&](const long_lease&) {
            if (++told == 1) {
                for (int i = 0; i < 50; ++i)
                    pool->acquire([&](error_code code, const fake_lease&) { got += code ? 0 : 1; });
            } else if (told == 2) {
                pool.reset();
            }
        });
        pool.emplace(co_await this_coro::executor, b, o);
        auto one = co_await pool->acquire();
        auto two = co_await pool->acquire();
        auto three = co_await pool->acquire();
        co_await until([&] { return !pool; });
        co_await turns();
        CHECK(got == 50);
    });
    CHECK(b.alive == 0);
}

TEST_CASE("pool: a moved pool is the same pool, and one that is overwritten ends", "[pool]") {
    backend b;
    run_test([&]() -> awaitable<> {
        fake_pool first(co_await this_coro::executor, b, of(1));
        auto c = co_await first.acquire();
        fake_pool second = std::move(first);
        CHECK(second.stats().busy == 1);
        c.give_back();
        CHECK(second.stats().idle == 1);
        fake_pool third(co_await this_coro::executor, b, of(1));
        auto d = co_await third.acquire();
        third = std::move(second);
        CHECK(d->get().down());
        auto again = co_await third.acquire();
        CHECK(again->number() == 0);
    });
    CHECK(b.alive == 0);
}

TEST_CASE("pool: a wait that is cancelled gives its place free", "[pool]") {
    with_pool(of(1), [](fake_pool& pool, backend&) -> awaitable<> {
        auto c = co_await pool.acquire();
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto first = tasks.spawn(pool.acquire());
            auto second = tasks.spawn(pool.acquire());
            co_await turns();
            first.cancel();
            const auto why = co_await caught(first.get());
            CHECK(failure_of(why) == condition::cancelled);
            CHECK(failure_of(why).phase() == phase::queue);
            CHECK(pool.stats().waiting == 1);
            c.give_back();
            auto next = co_await second.get();
            CHECK(next);
        });
    });
}

TEST_CASE("pool: a connection that comes in the moment of cancellation is not lost", "[pool]") {
    for (const bool cancel_first : {false, true})
        with_pool(of(1), [cancel_first](fake_pool& pool, backend& b) -> awaitable<> {
            for (int between = 0; between < 6; ++between) {
                auto c = co_await pool.acquire();
                {
                    asio::cancellation_signal signal;
                    int calls = 0;
                    pool.acquire(asio::bind_cancellation_slot(
                        signal.slot(),
                        [&](error_code code, const fake_lease& l) {
                            CHECK(static_cast<bool>(l) != static_cast<bool>(code));
                            ++calls;
                        }
                    ));
                    if (cancel_first)
                        signal.emit(asio::cancellation_type::all);
                    c.give_back();
                    co_await turns(between);
                    signal.emit(asio::cancellation_type::all);
                    co_await turns();
                    CHECK(calls == 1);
                }
                CHECK(pool.stats().idle == 1);
                CHECK(pool.stats().waiting == 0);
            }
            CHECK(b.made == 1);
        });
}

namespace {

class in_use_mark {
public:
    explicit in_use_mark(fake& f) : fake_(f) { fake_.in_use = true; }
    ~in_use_mark() { fake_.in_use = false; }
    in_use_mark(const in_use_mark&) = delete;
    in_use_mark& operator=(const in_use_mark&) = delete;

private:
    fake& fake_;
};

// A pool of one connection, which somebody has for some turns.
struct busy_world : std::enable_shared_from_this<busy_world> {
    static std::shared_ptr<busy_world> make(asio::io_context& loop, bool taken) {
        auto w = std::make_shared<busy_world>();
        w->b.slow = 2;
        w->pool.emplace(loop.get_executor(), w->b, of(1));
        if (taken)
            w->pool->acquire([weak = std::weak_ptr(w)](error_code, fake_lease l) {
                if (const auto w = weak.lock()) {
                    w->held = std::move(l);
                    w->release_after(5);
                }
            });
        return w;
    }
    void release_after(int count) {
        if (count == 0)
            return held.give_back();
        asio::post(pool->get_executor(), [weak = weak_from_this(), count] {
            if (const auto w = weak.lock())
                w->release_after(count - 1);
        });
    }
    backend b;
    std::optional<fake_pool> pool;
    fake_lease held;
};

} // namespace

TEST_CASE("pool: acquire and close can be cancelled at every step", "[pool]") {
    for (const bool taken : {false, true}) {
        const auto steps = step_cancel([taken](asio::io_context& loop) {
            auto w = busy_world::make(loop, taken);
            return [w](auto token) { w->pool->acquire(token); };
        });
        CHECK(steps > (taken ? 6u : 2u));
        // Whoever else was about to get a connection may be told that the pool is closed
        const auto close_steps = step_cancel([taken](asio::io_context& loop) {
            auto w = busy_world::make(loop, taken);
            return [w](auto token) { w->pool->close(token); };
        });
        CHECK(close_steps > 0);
    }
    const auto coroutine = step_cancel_awaitable([](executor loop) -> awaitable<> {
        backend b;
        b.slow = 1;
        fake_pool pool(loop, b, of(1));
        auto use = [&]() -> awaitable<> {
            auto c = co_await pool.acquire();
            co_await sleep_for(0s);
        };
        co_await gather(use(), use());
        co_await pool.close();
    });
    CHECK(coroutine > 5);
}

TEST_CASE("pool: after ten thousand cancellations everything is where it was", "[pool]") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    with_pool(
        of(4).min_size(1).retry(backoff(1us, 10us)),
        [seed](fake_pool& pool, backend& b) -> awaitable<> {
            std::mt19937 random(seed);
            auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
            int served = 0, cancelled = 0, failed = 0, shared = 0;
            auto use = [&](int) -> awaitable<> {
                b.slow = pick(3);
                b.opens = pick(20) == 0 ? answer::no : answer::yes;
                b.restores = pick(20) == 0 ? answer::no : answer::yes;
                const int keeps = pick(6);
                auto job = [&]() -> awaitable<> {
                    auto c = co_await pool.acquire();
                    const auto alive = c->share(); // for the mark
                    fake& mine = *alive;
                    shared += mine.in_use;
                    const in_use_mark mark(mine);
                    ++served;
                    const auto interrupted = co_await caught(turns(keeps));
                    if (pick(10) == 0)
                        mine.break_off();
                    if (pick(10) == 0)
                        c.discard();
                };
                std::exception_ptr why; // a job that fails by itself shall not end the group
                auto run = [&]() -> awaitable<> { why = co_await caught(job()); };
                co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                    auto running = tasks.spawn(run());
                    co_await turns(pick(8));
                    running.cancel();
                    const auto never_began = co_await caught(running.get());
                    if (!why)
                        why = never_began;
                    co_await sleep_for(10us); // or a pause after a failed attempt would never end
                    if (why)
                        ++(failure_of(why) == condition::cancelled ? cancelled : failed);
                });
            };
            co_await gather(std::views::iota(0, 10'000) | std::views::transform(std::ref(use)), 20);
            CHECK(shared == 0);
            CHECK(served > 1000);
            CHECK(cancelled > 1000);
            b.opens = b.restores = answer::yes;
            b.slow = 0;
            co_await until([&] { return pool.stats().connecting == 0 && pool.stats().busy == 0; });
            co_await until([&] { return pool.stats().idle >= 1; });
            const auto s = pool.stats();
            CHECK(s.waiting == 0);
            CHECK(s.busy == 0);
            CHECK(s.idle <= 4);
            CHECK(static_cast<std::size_t>(b.alive) == s.idle);
            std::vector<fake_lease> all;
            for (int i = 0; i < 4; ++i) {
                auto c = co_await pool.acquire();
                all.push_back(std::move(c));
            }
            CHECK(pool.stats().busy == 4);
            all.clear();
            co_await pool.close();
            CHECK(b.alive == 0);
        }
    );
}
