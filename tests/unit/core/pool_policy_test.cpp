#include "core/pool_policy.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <set>

using namespace oneloop;
using namespace std::chrono_literals;

namespace {

using act = pool_policy::act;
using place = pool_policy::place;
using places = std::vector<place>;
using duration = pool_limits::duration;

const auto start = deadline::clock::time_point() + 1h;

pool_limits limits(std::size_t min, std::size_t max, std::size_t connecting = 100) {
    pool_limits l;
    l.min_size = min;
    l.max_size = max;
    l.max_connecting = connecting;
    l.idle_timeout = 5min;
    l.max_lifetime = duration::max();
    l.retry = backoff(100ms, 2s);
    return l;
}

// A policy at a time that the test sets, and those who wait. Whatever the policy wants is done at once, but
// what takes time (opening, closing) ends when the test says so.
class world {
public:
    explicit world(const pool_limits& l) : policy(l) {}
    ~world() {
        for (auto& [number, ticket] : tickets)
            policy.leave(ticket);
    }

    pool_policy policy;
    deadline::clock::time_point now = start;
    std::map<int, pool_policy::ticket> tickets;
    places connecting, closing;
    std::map<int, place> served; // ticket -> connection
    std::vector<int> refused, gave_up;

    bool enter(int who, duration patience = 1h) {
        auto& t = tickets[who];
        t.give_up = deadline::after(now, patience);
        return policy.enter(t);
    }
    int number_of(const pool_policy::ticket* who) const {
        for (const auto& [number, ticket] : tickets)
            if (&ticket == who)
                return number;
        return -1;
    }

    void run() {
        for (auto s = policy.next(now); s.what != act::rest; s = policy.next(now))
            switch (s.what) {
                case act::rest:
                    break;
                case act::lend:
                    served[number_of(&policy.lend(s.which))] = s.which;
                    break;
                case act::open:
                    connecting.push_back(policy.open());
                    break;
                case act::close:
                    policy.closing(s.which);
                    closing.push_back(s.which);
                    break;
                case act::give_up:
                    gave_up.push_back(number_of(s.who));
                    policy.leave(*s.who);
                    break;
                case act::refuse:
                    refused.push_back(number_of(s.who));
                    policy.leave(*s.who);
                    break;
            }
    }
    void wait(duration d) {
        now += d;
        run();
    }
    // Opens what is being opened, one after the other.
    void open_all(double chance = 0) {
        while (!connecting.empty()) {
            policy.opened(connecting.front(), now, chance);
            connecting.erase(connecting.begin());
            run();
        }
    }
    void fail_one(double chance = 0) {
        policy.failed_to_open(connecting.front(), now, chance);
        connecting.erase(connecting.begin());
        run();
    }
    void close_all() {
        while (!closing.empty()) {
            policy.closed(closing.back());
            closing.pop_back();
            run();
        }
    }
    void give_back(int who) {
        const place p = served.at(who);
        served.erase(who);
        policy.returning(p);
        policy.returned(p, now);
        run();
    }
    duration until_next() const { return policy.next_event(now).remaining(now); }
};

} // namespace

TEST_CASE("pool policy: nothing is opened before it is needed", "[pool_policy]") {
    world w(limits(0, 2));
    w.run();
    CHECK(w.connecting.empty());
    CHECK(w.policy.next_event(w.now).is_never());
    w.enter(1);
    w.run();
    CHECK(w.connecting.size() == 1);
    CHECK(w.served.empty());
    w.open_all();
    CHECK(w.served == std::map<int, place>{{1, 0}});
}

TEST_CASE(
    "pool policy: the smallest size is opened at once, and again when one of them ends", "[pool_policy]"
) {
    world w(limits(3, 5));
    w.run();
    CHECK(w.connecting.size() == 3);
    w.open_all();
    CHECK(w.policy.count().idle == 3);
    w.policy.closing(1);
    w.run();
    CHECK(w.connecting.size() == 1); // the place of the one that is closing is not free yet
    CHECK(w.connecting.front() == 3);
    w.policy.closed(1);
    w.run();
    CHECK(w.connecting.size() == 1);
}

TEST_CASE("pool policy: never more than the largest size, closing ones included", "[pool_policy]") {
    world w(limits(0, 2));
    for (int i = 1; i <= 4; ++i)
        w.enter(i);
    w.run();
    CHECK(w.connecting.size() == 2);
    w.open_all();
    CHECK(w.served == std::map<int, place>{{1, 0}, {2, 1}});
    w.policy.closing(0); // discarded by its borrower
    w.run();
    CHECK(w.connecting.empty());
    w.policy.closed(0);
    w.run();
    CHECK(w.connecting == places{0});
}

TEST_CASE("pool policy: sizes that cannot be are made to be", "[pool_policy]") {
    pool_limits l = limits(9, 0, 0);
    l.max_queued = 0;
    world w(l);
    w.run();
    CHECK(w.connecting.size() == 1); // of min 1 and max 1
    CHECK(w.enter(1));
    CHECK_FALSE(w.enter(2));
    w.open_all();
    CHECK(w.served.contains(1));
}

TEST_CASE("pool policy: first come, first served", "[pool_policy]") {
    world w(limits(0, 1));
    for (int i = 1; i <= 5; ++i)
        w.enter(i);
    w.run();
    w.open_all();
    w.policy.leave(w.tickets[3]); // cancelled
    w.policy.leave(w.tickets[3]); // leaving twice is leaving once
    for (int i : {1, 2, 4, 5}) {
        REQUIRE(w.served == std::map<int, place>{{i, 0}});
        w.give_back(i);
    }
    CHECK(w.served.empty());
    CHECK(w.policy.count().idle == 1);
}

TEST_CASE("pool policy: whoever waits too long is told so, whatever the order of arrival", "[pool_policy]") {
    world w(limits(0, 1));
    w.enter(1);
    w.run();
    w.open_all();
    w.enter(2, 10s);
    w.enter(3, 5s);
    w.enter(4, 20s);
    w.run();
    CHECK(w.until_next() == 5s);
    w.wait(5s - 1ns);
    CHECK(w.gave_up.empty());
    w.wait(1ns);
    CHECK(w.gave_up == std::vector<int>{3});
    CHECK(w.until_next() == 5s);
    w.wait(60s);
    CHECK(w.gave_up == std::vector<int>{3, 2, 4});
    CHECK(w.policy.next_event(w.now).is_never());
}

TEST_CASE("pool policy: a late one still gets the connection that is there", "[pool_policy]") {
    world w(limits(1, 1));
    w.run();
    w.open_all();
    w.enter(1, 0s); // now or never
    w.enter(2, 0s);
    w.run();
    CHECK(w.served.contains(1));
    CHECK(w.gave_up == std::vector<int>{2});
}

TEST_CASE("pool policy: so many may wait", "[pool_policy]") {
    pool_limits l = limits(0, 1);
    l.max_queued = 2;
    world w(l);
    CHECK(w.enter(1));
    CHECK(w.enter(2));
    CHECK_FALSE(w.enter(3));
    CHECK(w.policy.count().waiting == 2);
    w.policy.leave(w.tickets[3]); // who never entered leaves nothing
    w.run();
    w.open_all();
    CHECK(w.enter(3)); // the first has gone
    CHECK_FALSE(w.enter(4));
}

TEST_CASE("pool policy: so many connections are opened at once", "[pool_policy]") {
    world w(limits(0, 10, 2));
    for (int i = 1; i <= 5; ++i)
        w.enter(i);
    w.run();
    CHECK(w.connecting.size() == 2);
    w.policy.opened(w.connecting.front(), w.now, 0);
    w.connecting.erase(w.connecting.begin());
    w.run();
    CHECK(w.policy.count().connecting == 2);
    CHECK(w.served.contains(1));
}

TEST_CASE("pool policy: no more are opened than somebody waits for", "[pool_policy]") {
    world w(limits(0, 10));
    w.enter(1);
    w.run();
    w.run();
    CHECK(w.connecting.size() == 1);
    w.open_all();
    // One that is being brought back is as good as one that is being opened
    w.policy.returning(w.served.at(1));
    w.enter(2);
    w.run();
    CHECK(w.connecting.empty());
    w.enter(3);
    w.run();
    CHECK(w.connecting.size() == 1);
}

TEST_CASE("pool policy: the connection that was used last is lent first", "[pool_policy]") {
    world w(limits(0, 3));
    for (int i = 1; i <= 3; ++i)
        w.enter(i);
    w.run();
    w.open_all();
    for (int i : {2, 3, 1}) {
        w.wait(1s);
        w.give_back(i);
    }
    for (int i = 4; i <= 6; ++i)
        w.enter(i);
    w.run();
    CHECK(w.served == std::map<int, place>{{4, 0}, {5, 2}, {6, 1}});
}

TEST_CASE("pool policy: what lies idle is closed, down to the smallest size", "[pool_policy]") {
    world w(limits(1, 3));
    for (int i = 1; i <= 3; ++i)
        w.enter(i);
    w.run();
    w.open_all();
    w.give_back(2); // the first to be idle
    w.wait(1min);
    w.give_back(1);
    w.give_back(3);
    CHECK(w.until_next() == 4min);
    w.wait(4min - 1ns);
    CHECK(w.closing.empty());
    w.wait(1ns);
    CHECK(w.closing == places{1});
    w.wait(1min);
    // The two others are due; one of them stays, also while the first is still closing
    CHECK(w.closing.size() == 2);
    CHECK(w.policy.count().idle == 1);
    w.close_all();
    w.wait(24h);
    CHECK(w.policy.count().idle == 1);
    CHECK(w.connecting.empty());
    CHECK(w.policy.next_event(w.now).is_never());
}

TEST_CASE("pool policy: several that are due at once leave the smallest size", "[pool_policy]") {
    world w(limits(2, 5));
    for (int i = 1; i <= 5; ++i)
        w.enter(i);
    w.run();
    w.open_all();
    for (int i = 1; i <= 5; ++i)
        w.give_back(i);
    w.wait(5min);
    CHECK(w.closing.size() == 3);
    CHECK(w.policy.count().idle == 2);
    CHECK(w.connecting.empty());
}

TEST_CASE("pool policy: use starts the idle time again", "[pool_policy]") {
    world w(limits(0, 1));
    w.enter(1);
    w.run();
    w.open_all();
    w.give_back(1);
    w.wait(4min);
    w.enter(2);
    w.run();
    w.wait(1h); // on loan it is not idle
    CHECK(w.closing.empty());
    w.give_back(2);
    w.wait(5min - 1ns);
    CHECK(w.closing.empty());
    w.wait(1ns);
    CHECK(w.closing == places{0});
}

TEST_CASE("pool policy: no idle time at all is no reason not to be lent", "[pool_policy]") {
    pool_limits l = limits(0, 1);
    l.idle_timeout = 0s;
    world w(l);
    w.enter(1);
    w.enter(2);
    w.run();
    w.open_all();
    REQUIRE(w.served.contains(1));
    w.give_back(1); // somebody waits
    REQUIRE(w.served.contains(2));
    w.give_back(2);
    CHECK(w.closing.size() == 1);
}

TEST_CASE("pool policy: a life of no time still gets one loan", "[pool_policy]") {
    pool_limits l = limits(0, 1);
    l.max_lifetime = -1s;
    world w(l);
    w.enter(1);
    w.run();
    w.open_all(0.999);
    REQUIRE(w.served.contains(1));
    w.now += 1s;
    w.give_back(1);
    CHECK(w.closing.size() == 1);
}

TEST_CASE("pool policy: a connection ends with its life, up to a tenth earlier by chance", "[pool_policy]") {
    for (const auto& [chance, life] :
         {std::pair<double, duration>{0, 1000s}, {0.5, 950s}, {0.999, 900100ms}}) {
        CAPTURE(chance);
        pool_limits l = limits(1, 1);
        l.max_lifetime = 1000s;
        world w(l);
        w.run();
        w.open_all(chance);
        CHECK(
            std::chrono::abs(w.until_next() - life) <= 1us
        ); // below the idle time's reach: the smallest size
        w.wait(life - 1ms);
        CHECK(w.closing.empty());
        w.wait(2ms);
        CHECK(w.closing == places{0});
        CHECK(w.connecting.empty()); // of a largest size of 1
        w.close_all();
        CHECK(w.connecting.size() == 1);
    }
}

TEST_CASE(
    "pool policy: a connection on loan outlives its time, and is closed when it comes back", "[pool_policy]"
) {
    pool_limits l = limits(0, 1);
    l.max_lifetime = 10s;
    world w(l);
    w.enter(1);
    w.run();
    w.open_all();
    w.wait(1min);
    CHECK(w.closing.empty());
    CHECK(w.policy.next_event(w.now).is_never());
    w.enter(2);
    w.give_back(1);
    CHECK(w.closing == places{0}); // although somebody waits
    CHECK(w.served.empty());
    w.close_all();
    w.open_all();
    CHECK(w.served.contains(2));
}

TEST_CASE("pool policy: a life without end ends never", "[pool_policy]") {
    world w(limits(1, 1));
    w.run();
    w.open_all(0.999);
    CHECK(w.policy.next_event(w.now).is_never());
    w.wait(24h * 365 * 50);
    CHECK(w.closing.empty());
}

TEST_CASE("pool policy: after a failure nothing is opened for a while, doubled each time", "[pool_policy]") {
    world w(limits(0, 1, 1));
    duration pause = 50ms; // half of 100 ms with no chance
    for (int attempt = 1; attempt <= 7; ++attempt) {
        CAPTURE(attempt);
        w.enter(attempt);
        w.run();
        REQUIRE(w.connecting.size() == 1);
        w.fail_one();
        CHECK(w.refused.size() == static_cast<std::size_t>(2 * attempt - 1));
        w.now += pause - 1ns;
        w.enter(-attempt);
        w.run();
        CHECK(w.connecting.empty());
        CHECK(w.refused.back() == -attempt); // at once
        w.now += 1ns;
        pause = std::min<duration>(pause * 2, 1s);
    }
    // and by chance up to twice as long
    w.enter(100);
    w.run();
    w.fail_one(0.999999);
    w.now += 1999ms;
    w.enter(101);
    w.run();
    CHECK(w.refused.back() == 101);
    w.now += 1ms;
    w.enter(102);
    w.run();
    CHECK(w.connecting.size() == 1);
}

TEST_CASE("pool policy: however short the pause, whoever waits is told of the failure", "[pool_policy]") {
    pool_limits l = limits(0, 1);
    l.retry = backoff(0s, 0s);
    world w(l);
    w.enter(1);
    w.run();
    w.fail_one();
    CHECK(w.refused == std::vector<int>{1});
    w.enter(2);
    w.wait(1ms);
    CHECK(w.connecting.size() == 1);
}

TEST_CASE("pool policy: after a success the pauses begin again", "[pool_policy]") {
    world w(limits(0, 1, 1));
    for (int i = 1; i <= 3; ++i) {
        w.enter(i);
        w.run();
        w.fail_one();
        w.wait(1h);
    }
    w.enter(4);
    w.run();
    w.open_all();
    REQUIRE(w.served.contains(4));
    w.policy.closing(0);
    w.policy.closed(0);
    w.enter(5);
    w.run();
    w.fail_one();
    w.wait(50ms);
    w.enter(6);
    w.run();
    CHECK(w.connecting.size() == 1);
}

TEST_CASE("pool policy: with the server gone everybody who waits is told at once", "[pool_policy]") {
    world w(limits(0, 2));
    for (int i = 1; i <= 4; ++i)
        w.enter(i);
    w.run();
    REQUIRE(w.connecting.size() == 2);
    w.fail_one();
    CHECK(w.refused.empty()); // one is still being opened
    w.fail_one();
    CHECK(w.refused == std::vector<int>{1, 2, 3, 4});
    CHECK(w.policy.next_event(w.now).is_never()); // nobody needs another attempt
}

TEST_CASE("pool policy: as long as one connection is there, nobody is refused", "[pool_policy]") {
    world w(limits(0, 2, 1));
    w.enter(1);
    w.run();
    w.open_all();
    w.enter(2);
    w.run();
    REQUIRE(w.connecting.size() == 1);
    w.fail_one();
    CHECK(w.refused.empty());
    CHECK(w.until_next() == 50ms); // then another attempt is made
    w.wait(50ms);
    CHECK(w.connecting.size() == 1);
    w.fail_one();
    w.give_back(1);
    CHECK(w.served == std::map<int, place>{{2, 0}});
}

TEST_CASE("pool policy: the smallest size is tried for again and again", "[pool_policy]") {
    world w(limits(2, 2));
    w.run();
    REQUIRE(w.connecting.size() == 2);
    w.fail_one();
    w.fail_one();
    CHECK(w.connecting.empty());
    CHECK(w.until_next() == 100ms); // the second failure in a row
    w.wait(100ms);
    REQUIRE(w.connecting.size() == 2);
    w.open_all();
    CHECK(w.policy.count().idle == 2);
}

TEST_CASE("pool policy: drained, it refuses, closes what is idle and opens nothing", "[pool_policy]") {
    world w(limits(3, 4));
    w.run();
    w.open_all();
    w.enter(1);
    w.run();
    for (int i = 2; i <= 6; ++i)
        w.enter(i);
    w.run(); // three on loan, the fourth being opened, two more wait
    REQUIRE(w.served.size() == 3);
    REQUIRE(w.connecting.size() == 1);
    w.policy.drain();
    w.run();
    CHECK(w.refused == std::vector<int>{4, 5, 6});
    w.open_all(); // what comes now goes
    CHECK(w.closing.size() == 1);
    for (int i = 1; i <= 3; ++i)
        w.give_back(i);
    CHECK(w.closing.size() == 4);
    w.close_all();
    CHECK(w.policy.count().all() == 0);
    CHECK(w.policy.next_event(w.now).is_never());
    w.enter(7);
    w.run();
    CHECK(w.refused.back() == 7);
    CHECK(w.connecting.empty());
}

TEST_CASE("pool policy: drained while nothing can be opened, it waits for nothing", "[pool_policy]") {
    world w(limits(1, 1));
    w.run();
    w.fail_one();
    CHECK(w.until_next() == 50ms);
    w.policy.drain();
    CHECK(w.policy.next_event(w.now).is_never());
    w.wait(1h);
    CHECK(w.connecting.empty());
}

TEST_CASE("pool policy: places are used again", "[pool_policy]") {
    world w(limits(0, 3));
    for (int round = 0; round < 10; ++round) {
        w.enter(round);
        w.run();
        CHECK(w.connecting == places{0});
        w.open_all();
        w.served.clear();
        w.policy.closing(0);
        w.policy.closed(0);
    }
}

namespace {

// Whatever may happen to a policy, in any order, against what has to hold at every moment.
class chaos {
public:
    explicit chaos(unsigned seed) : random_(seed), limits_(some_limits()), policy_(limits_) { settle(); }

    ~chaos() {
        for (const auto& t : waiting_)
            policy_.leave(*t);
    }

    void step() {
        switch (pick(11)) {
            case 0:
            case 1:
            case 2:
                enter();
                break;
            case 3:
                if (pick(4) == 0)
                    cancel();
                break;
            case 4:
            case 5:
                if (const auto p = take(connecting_))
                    policy_.opened(*p, now_, chance());
                break;
            case 6:
                if (const auto p = take(connecting_); p && pick(3) == 0) {
                    policy_.failed_to_open(*p, now_, chance());
                    may_refuse_ = true;
                } else if (p) {
                    connecting_.insert(*p);
                }
                break;
            case 7:
                if (const auto p = take(lent_)) {
                    if (pick(10) == 0) {
                        policy_.closed(*p); // discarded
                    } else {
                        policy_.returning(*p);
                        returning_.insert(*p);
                    }
                }
                break;
            case 8:
                if (const auto p = take(returning_))
                    pick(10) == 0 ? policy_.closed(*p) : policy_.returned(*p, now_);
                break;
            case 9:
                if (const auto p = take(closing_))
                    policy_.closed(*p);
                break;
            case 10:
                pass_time();
                break;
        }
        settle();
    }

    // Everything comes back, and nobody is forgotten.
    void finish() {
        policy_.drain();
        drained_ = true;
        settle();
        while (policy_.count().all() > 0) {
            if (const auto p = take(connecting_))
                policy_.opened(*p, now_, 0);
            else if (const auto l = take(lent_))
                policy_.closed(*l);
            else if (const auto r = take(returning_))
                policy_.returned(*r, now_);
            else if (const auto c = take(closing_))
                policy_.closed(*c);
            settle();
        }
        REQUIRE(waiting_.empty());
        REQUIRE(entered_ == served_ + refused_ + given_up_ + cancelled_);
    }

    std::size_t served_ = 0, refused_ = 0, given_up_ = 0, cancelled_ = 0, closed_ = 0;

private:
    using ticket_ptr = std::unique_ptr<pool_policy::ticket>;

    std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    double chance() { return std::uniform_real_distribution<>(0, 1)(random_); }

    pool_limits some_limits() {
        pool_limits l = limits(pick(4), 1 + pick(6), 1 + pick(3));
        l.max_queued = 1 + pick(12);
        l.idle_timeout = std::chrono::milliseconds(pick(2000));
        l.max_lifetime = pick(3) == 0 ? duration::max() : std::chrono::milliseconds(1 + pick(20'000));
        return l;
    }

    std::optional<place> take(std::set<place>& from) {
        if (from.empty())
            return {};
        const auto which = std::next(from.begin(), static_cast<std::ptrdiff_t>(pick(from.size())));
        const place p = *which;
        from.erase(which);
        return p;
    }

    void enter() {
        auto t = std::make_unique<pool_policy::ticket>();
        t->give_up = deadline::after(now_, std::chrono::milliseconds(pick(3000)));
        const bool room = waiting_.size() < limits_.max_queued;
        REQUIRE(policy_.enter(*t) == room);
        if (!room)
            return;
        waiting_.push_back(std::move(t));
        ++entered_;
    }

    void cancel() {
        if (waiting_.empty())
            return;
        const auto who = std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(pick(waiting_.size())));
        policy_.leave(**who);
        waiting_.erase(who);
        ++cancelled_;
    }

    // Often to the very moment that the policy has announced; before that moment it has nothing to do.
    void pass_time() {
        const deadline next = policy_.next_event(now_);
        if (!next.is_never() && pick(2) == 0) {
            REQUIRE(next.at() > now_);
            if (next.at() - now_ > 1ns)
                REQUIRE(policy_.next(next.at() - 1ns).what == act::rest);
            now_ = next.at();
            REQUIRE((draws_blank() || policy_.next(now_).what != act::rest));
        } else if (next.is_never()) {
            REQUIRE(policy_.next(now_ + 24h).what == act::rest);
            now_ += std::chrono::milliseconds(pick(100));
        } else {
            now_ += std::chrono::milliseconds(pick(100));
        }
    }
    // The end of the pause between attempts, but there is no room for another
    bool draws_blank() const {
        const auto have = policy_.count();
        return have.connecting >= limits_.max_connecting || have.all() >= limits_.max_size;
    }

    void forget(const pool_policy::ticket* who) {
        const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const ticket_ptr& t) {
            return t.get() == who;
        });
        REQUIRE(found != waiting_.end()); // else it was told twice
        waiting_.erase(found);
    }

    void settle() {
        for (auto s = policy_.next(now_); s.what != act::rest; s = policy_.next(now_)) {
            switch (s.what) {
                case act::rest:
                    break;
                case act::lend: {
                    REQUIRE(s.who == waiting_.front().get()); // first come, first served
                    REQUIRE_FALSE(drained_);
                    REQUIRE_FALSE(taken(s.which));
                    REQUIRE(&policy_.lend(s.which) == s.who);
                    lent_.insert(s.which);
                    forget(s.who);
                    ++served_;
                    break;
                }
                case act::open: {
                    REQUIRE_FALSE(drained_);
                    const place p = policy_.open();
                    REQUIRE_FALSE(taken(p));
                    connecting_.insert(p);
                    break;
                }
                case act::close:
                    REQUIRE_FALSE(taken(s.which));
                    policy_.closing(s.which);
                    closing_.insert(s.which);
                    ++closed_;
                    break;
                case act::give_up:
                    REQUIRE(s.who->give_up.passed(now_));
                    REQUIRE(policy_.count().idle == 0);
                    policy_.leave(*s.who);
                    forget(s.who);
                    ++given_up_;
                    break;
                case act::refuse:
                    REQUIRE((drained_ || (may_refuse_ && policy_.count().open() + connecting_.size() == 0)));
                    policy_.leave(*s.who);
                    forget(s.who);
                    ++refused_;
                    break;
            }
            check();
        }
        const auto have = policy_.count();
        REQUIRE((have.idle == 0 || have.waiting == 0)); // nobody starves beside a connection
    }

    bool taken(place p) const {
        return lent_.contains(p) || returning_.contains(p) || connecting_.contains(p) || closing_.contains(p);
    }

    void check() const {
        const auto have = policy_.count();
        REQUIRE(have.all() <= limits_.max_size);
        REQUIRE(have.connecting <= limits_.max_connecting);
        REQUIRE(have.connecting == connecting_.size());
        REQUIRE(have.busy == lent_.size() + returning_.size());
        REQUIRE(have.closing == closing_.size());
        REQUIRE(have.waiting == waiting_.size());
    }

    std::mt19937 random_;
    pool_limits limits_;
    pool_policy policy_;
    deadline::clock::time_point now_ = start;
    std::list<ticket_ptr> waiting_;
    std::set<place> connecting_, lent_, returning_, closing_;
    std::size_t entered_ = 0;
    bool drained_ = false, may_refuse_ = false;
};

} // namespace

TEST_CASE("pool policy: whatever happens, in any order", "[pool_policy]") {
    const unsigned first = std::random_device{}();
    std::size_t served = 0, refused = 0, given_up = 0, cancelled = 0, closed = 0;
    for (unsigned round = 0; round < 100; ++round) {
        const unsigned seed = first + round;
        CAPTURE(seed);
        chaos c(seed);
        for (int i = 0; i < 1000; ++i)
            c.step();
        c.finish();
        served += c.served_;
        refused += c.refused_;
        given_up += c.given_up_;
        cancelled += c.cancelled_;
        closed += c.closed_;
    }
    // All of it has happened, often
    CHECK(served > 5000);
    CHECK(refused > 100);
    CHECK(given_up > 100);
    CHECK(cancelled > 100);
    CHECK(closed > 100);
}
