// Many at once, and the limits of it.

#include "tests/integration/core/resolver_stage.hpp"
#include "tests/support/resources.hpp"

#include <cstdio>
#include <ctime>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

std::string address_of(int i) {
    return "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
}

// What this thread has computed for, whatever else the machine does.
clock_type::duration worked() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

class thread_of {
public:
    explicit thread_of(asio::io_context& loop) : loop_(loop), thread_([&loop] { loop.run(); }) {}
    ~thread_of() {
        loop_.stop();
        thread_.join();
    }

private:
    asio::io_context& loop_;
    std::thread thread_;
};

// The names n0.test … have an address each.
dns_reply numbered(const std::string& name) {
    return dns_reply().address(address_of(std::stoi(name.substr(1))), 0);
}

// Asks for so many names at once, of a server on another thread, which answers only when all are in flight.
// Gives the time until the last answer.
clock_type::duration many_at_once(int count, resolver_options how) {
    asio::io_context elsewhere(1), loop(1);
    dns_server server(elsewhere.get_executor());
    server.otherwise(&numbered);
    resolver names(loop.get_executor(), how.server(server.address()));
    std::list<reply> all(static_cast<std::size_t>(count));
    int i = 0;
    for (reply& r : all)
        ask(names, "n" + std::to_string(i++) + ".test", r);
    loop_watch watch;
    clock_type::duration longest_work{};
    auto turn = [&] {
        const auto before = worked();
        REQUIRE(watch.run_one(loop, 5s) > 0);
        longest_work = std::max(longest_work, worked() - before);
    };
    while (names.stats().in_flight < all.size())
        turn();
    CHECK(names.stats().on_the_wire <= how.max_questions());
    const thread_of thread(elsewhere);
    const auto begin = clock_type::now();
    while (names.stats().in_flight > 0)
        turn();
    const auto took = clock_type::now() - begin;
    while (watch.run_one(loop, 0s) > 0) {
    }
    CHECK(longest_work < loop_watch::default_limit());
    i = 0;
    int wrong = 0;
    for (const reply& r : all)
        wrong += r.calls == 1 && texts(r.list) == strings{address_of(i++)} ? 0 : 1;
    CHECK(wrong == 0);
    CHECK(names.stats().waiting == 0);
    CHECK(names.stats().on_the_wire == 0);
    CHECK(names.stats().timeouts == 0);
    std::printf(
        "%d names, %zu questions at once: %lld ms, longest turn %lld us (%lld us of work), %d datagrams\n",
        count, how.max_questions(), static_cast<long long>(took / 1ms),
        static_cast<long long>(watch.longest() / 1us), static_cast<long long>(longest_work / 1us),
        server.datagrams()
    );
    return took;
}

} // namespace

TEST_CASE("ten thousand names in flight at once are all answered, each with its own address", "[resolver]") {
    many_at_once(10, bare()); // what is allocated once
    const auto before = resources_now();
    many_at_once(10'000, bare().timeout(60s).max_in_flight(10'000).max_cached_names(0));
    require_same_resources(before);
}

TEST_CASE("measurement: how many questions at once are good", "[.measure]") {
    for (std::size_t at_once : {20, 50, 100, 200, 400, 1'000, 5'000, 20'000})
        many_at_once(10'000, bare().timeout(60s).max_in_flight(10'000).max_questions(at_once));
}

TEST_CASE("questions beyond the limit wait for their turn, within the time of their look-up", "[resolver]") {
    stage s(bare().timeout(1500ms).max_questions(2));
    s.server.set("mute.test", dns_reply().silent());
    s.server.set("late.test", dns_reply().address("127.0.0.2", 300));
    reply mute, late;
    ask(s.names, "mute.test", mute);
    ask(s.names, "late.test", late);
    s.run_until([&] { return s.names.stats().in_flight == 2; });
    CHECK(s.names.stats().on_the_wire == 2);
    s.run_until([&] { return mute.done() && late.done(); });
    CHECK(mute.code == condition::timeout);
    CHECK_FALSE(late.code); // when the silent questions make room to be asked again
}

TEST_CASE("one who waits too many is refused, whether the name is asked for already or not", "[resolver]") {
    stage s(bare().max_waiting(2));
    s.server.otherwise([](const std::string&) { return dns_reply().address("127.0.0.2", 0).after(20ms); });
    std::list<reply> all(4);
    auto next = all.begin();
    for (const char* name : {"a.test", "b.test", "a.test", "c.test"})
        ask(s.names, name, *next++);
    s.run_until([&] { return std::ranges::all_of(all, &reply::done); });
    next = all.begin();
    CHECK_FALSE((next++)->code);
    CHECK_FALSE((next++)->code);
    for (; next != all.end(); ++next) {
        CHECK(next->code == errc::queue_full);
        CHECK(next->story.limit() == "max_waiting 2");
    }
    CHECK(s.names.stats().refused == 2);
    CHECK(s.names.stats().queries == 2);
    CHECK_FALSE(s.answer_to("c.test").code);
}

TEST_CASE("stats() tells what has happened", "[resolver]") {
    stage s(bare().timeout(300ms).override_name("fixed.test", "192.0.2.1"));
    s.server.set("www.test", dns_reply().address("127.0.0.2", 300).after(10ms));
    s.server.set("mute.test", dns_reply().silent());
    s.server.set("sick.test", dns_reply().server_failure());
    reply one, two;
    ask(s.names, "www.test", one);
    ask(s.names, "www.test", two);
    s.run_until([&] { return s.names.stats().waiting == 2; });
    CHECK(s.names.stats().in_flight == 1);
    CHECK(s.names.stats().on_the_wire == 2);
    s.run_until([&] { return one.done() && two.done(); });
    for (const char* name : {"www.test", "fixed.test", "gone.test", "gone.test", "mute.test", "sick.test"})
        s.answer_to(name);
    const auto stats = s.names.stats();
    CHECK(stats.joined == 1);
    CHECK(stats.local == 1);
    CHECK(stats.hits == 2);
    CHECK(stats.negative_hits == 1);
    CHECK(stats.queries == 4);
    CHECK(stats.questions >= 8);
    CHECK(stats.negative == 1);
    CHECK(stats.timeouts == 1);
    CHECK(stats.failures == 1);
    CHECK(stats.cached == 2);
    CHECK(stats.waiting == 0);
    CHECK(stats.on_the_wire == 0);
}
