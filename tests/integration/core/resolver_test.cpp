#include "tests/integration/core/resolver_stage.hpp"
#include <oneloop/run.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <fcntl.h>

#include <algorithm>
#include <future>
#include <optional>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("a name gets the addresses of both families", "[resolver]") {
    stage s;
    s.server.set(
        "www.test", dns_reply().address("127.0.0.2", 60).address("127.0.0.3", 60).address("::1", 60)
    );
    const auto& r = s.answer_to("www.test");
    CHECK_FALSE(r.code);
    CHECK(texts(r.list) == std::vector<std::string>{"127.0.0.2", "127.0.0.3", "::1"});
    CHECK(s.server.asked("www.test") == 1);
    CHECK(s.server.asked_for_ipv6("www.test") == 1);
}

TEST_CASE("an address as text gives itself, and nobody is asked", "[resolver]") {
    stage s;
    for (const char* text : {"192.0.2.7", "2001:db8::7", "::1", "127.0.0.1"}) {
        const auto& r = s.answer_to(text);
        CHECK_FALSE(r.code);
        CHECK(texts(r.list) == std::vector<std::string>{text});
        CHECK(s.server.asked(text) == 0);
    }
    CHECK(s.names.stats().queries == 0);
}

TEST_CASE("localhost is known without the DNS", "[resolver]") {
    stage s;
    const auto& r = s.answer_to("localhost");
    CHECK_FALSE(r.code);
    const auto list = texts(r.list);
    CHECK(std::ranges::find(list, "127.0.0.1") != list.end());
    CHECK(s.server.asked("localhost") == 0);
    CHECK_FALSE(s.answer_to("some.localhost").code);
    CHECK(s.names.stats().queries == 0);
    CHECK(s.names.stats().local == 2);
}

TEST_CASE("an answer is remembered, in whatever letters it is asked for", "[resolver]") {
    stage s;
    s.server.set("www.test", dns_reply().address("127.0.0.2", 300));
    s.answer_to("www.test");
    CHECK(texts(s.answer_to("WWW.Test").list) == std::vector<std::string>{"127.0.0.2"});
    CHECK(s.server.asked("www.test") == 1);
    const auto stats = s.names.stats();
    CHECK(stats.queries == 1);
    CHECK(stats.hits == 1);
    CHECK(stats.cached == 1);
    CHECK(stats.in_flight == 0);
}

TEST_CASE("an answer is remembered no longer than the shortest time to live in it", "[resolver]") {
    const auto how = GENERATE(values<dns_reply>(
        {dns_reply().address("127.0.0.2", 0), dns_reply().address("127.0.0.2", 300).address("127.0.0.3", 0),
         dns_reply().address("127.0.0.2", 300).address("::1", 0),
         dns_reply().alias("real.test", 0).address("127.0.0.2", 300),
         dns_reply().alias("b.test", 300).alias("c.test", 0).address("127.0.0.2", 300)}
    ));
    stage s;
    s.server.set("www.test", how);
    CHECK_FALSE(s.answer_to("www.test").code);
    CHECK(s.names.stats().cached == 0);
    s.answer_to("www.test");
    CHECK(s.server.asked("www.test") == 2);
}

TEST_CASE("an alias leads to addresses and is remembered", "[resolver]") {
    stage s;
    s.server.set("www.test", dns_reply().alias("b.test", 300).alias("c.test", 300).address("127.0.0.4", 300));
    CHECK(texts(s.answer_to("www.test").list) == std::vector<std::string>{"127.0.0.4"});
    s.answer_to("www.test");
    CHECK(s.server.asked("www.test") == 1);
}

TEST_CASE("the limits of the cache hold", "[resolver]") {
    const auto how = GENERATE(values<resolver_options>(
        {resolver_options().timeout(10s).max_ttl(0s), resolver_options().timeout(10s).max_cached_names(0)}
    ));
    stage s(how);
    s.server.set("www.test", dns_reply().address("127.0.0.2", 300));
    s.answer_to("www.test");
    s.answer_to("www.test");
    CHECK(s.server.asked("www.test") == 2);
}

TEST_CASE("that a name does not exist is remembered", "[resolver]") {
    stage s;
    const auto& r = s.answer_to("gone.test.");
    CHECK(r.code == condition::resolve);
    CHECK(r.code.category() == resolver_category());
    CHECK(r.list.empty());
    CHECK(r.story.phase() == phase::resolve);
    CHECK(r.story.outcome() == outcome::not_sent);
    CHECK(r.story.doing() == "resolve gone.test.");
    CHECK(r.story.reason() == "no such host");
    const auto& again = s.answer_to("gone.test.");
    CHECK(again.code == r.code);
    CHECK(again.story.message() == r.story.message());
    CHECK(s.server.asked("gone.test") == 1);
}

TEST_CASE("that a name has no address is remembered", "[resolver]") {
    stage s;
    s.server.set("empty.test", dns_reply());
    const auto& r = s.answer_to("empty.test.");
    CHECK(r.code == condition::resolve);
    CHECK(r.story.reason() == "the host has no address");
    s.answer_to("empty.test.");
    CHECK(s.server.asked("empty.test") == 1);
}

TEST_CASE("a negative answer is not remembered where that is switched off", "[resolver]") {
    stage s(resolver_options().timeout(10s).negative_ttl(0s));
    s.answer_to("gone.test.");
    s.answer_to("gone.test.");
    CHECK(s.server.asked("gone.test") == 2);
}

TEST_CASE("the failure of a server is told and not remembered", "[resolver]") {
    stage s;
    s.server.set("sick.test", dns_reply().server_failure());
    const auto& r = s.answer_to("sick.test.");
    CHECK(r.code == condition::resolve);
    CHECK(r.code != condition::timeout);
    CHECK(r.story.reason().find("failed") != std::string::npos);
    s.server.set("sick.test", dns_reply().address("127.0.0.2", 60));
    CHECK_FALSE(s.answer_to("sick.test.").code);
}

TEST_CASE("a hundred who ask for one name are one question", "[resolver]") {
    stage s;
    s.server.set("www.test", dns_reply().address("127.0.0.2", 0).after(30ms));
    std::list<reply> all(100);
    for (reply& r : all)
        ask(s.names, "www.test", r);
    s.run_until([&] { return s.names.stats().in_flight == 1; });
    s.run_until([&] { return std::ranges::all_of(all, &reply::done); });
    for (const reply& r : all) {
        CHECK(r.calls == 1);
        CHECK(texts(r.list) == std::vector<std::string>{"127.0.0.2"});
    }
    CHECK(s.server.asked("www.test") == 1);
    CHECK(s.names.stats().queries == 1);
}

TEST_CASE("a silent server costs the timeout and no more, and does not stop the loop", "[resolver]") {
    stage s(resolver_options().timeout(400ms));
    s.server.set("mute.test", dns_reply().silent());
    clock_type::duration longest_gap{};
    auto last_tick = clock_type::now();
    asio::steady_timer clock(s.loop);
    std::function<void(error_code)> tick = [&](error_code stopped) {
        if (stopped)
            return;
        longest_gap = std::max(longest_gap, clock_type::now() - last_tick);
        last_tick = clock_type::now();
        clock.expires_after(5ms);
        clock.async_wait(tick);
    };
    tick({});
    const auto begin = clock_type::now();
    const auto& r = s.answer_to("mute.test");
    const auto took = clock_type::now() - begin;
    CHECK(took >= 400ms);
    CHECK(took < 1s);
    CHECK(longest_gap < 200ms);
    CHECK(r.code == errc::timed_out);
    CHECK(r.story == condition::timeout);
    CHECK(r.story.phase() == phase::resolve);
    CHECK(r.story.limit() == "resolver timeout 400 ms");
    CHECK(r.story.outcome() == outcome::not_sent);
    CHECK(s.server.asked("mute.test") >= 2); // it was asked again, how soon is c-ares' affair

    s.server.set("mute.test", dns_reply().address("127.0.0.2", 60));
    CHECK_FALSE(s.answer_to("mute.test").code); // and that it was silent is not remembered
}

TEST_CASE("a datagram that is lost is sent again", "[resolver]") {
    stage s;
    s.server.set("www.test", dns_reply().address("127.0.0.2", 60).ignore(1));
    CHECK_FALSE(s.answer_to("www.test").code);
    CHECK(s.server.asked("www.test") == 2);
}

TEST_CASE("a server that never answers for IPv6 does not cost the addresses of IPv4", "[resolver]") {
    stage s(resolver_options().timeout(2s));
    s.server.set("www.test", dns_reply().address("127.0.0.2", 60).silent_for_ipv6());
    const auto& r = s.answer_to("www.test");
    CHECK_FALSE(r.code);
    CHECK(texts(r.list) == std::vector<std::string>{"127.0.0.2"});
}

TEST_CASE("a name that was too late can be asked for again at once", "[resolver]") {
    stage s(resolver_options().timeout(700ms));
    s.server.set("mute.test", dns_reply().silent());
    s.server.set("other.test", dns_reply().silent());
    reply first, other, second;
    ask(s.names, "mute.test", first);
    s.run_until([&] { return s.server.asked("mute.test") > 0; });
    asio::steady_timer later(s.loop, 350ms);
    later.async_wait([&](error_code) { ask(s.names, "other.test", other); }
    ); // keeps c-ares from being stopped
    s.run_until([&] { return first.done(); });
    CHECK(first.code == condition::timeout);
    s.server.set("mute.test", dns_reply().address("127.0.0.2", 60));
    ask(s.names, "mute.test", second);
    s.run_until([&] { return second.done() && other.done(); });
    CHECK_FALSE(second.code);
    CHECK(other.code == condition::timeout);
    CHECK(s.names.stats().in_flight == 0);
}

TEST_CASE("a lie of somebody who is not the server is not believed", "[resolver]") {
    const auto how =
        GENERATE(dns_lie::wrong_id, dns_lie::wrong_question, dns_lie::garbage, dns_lie::cut_short);
    CAPTURE(static_cast<int>(how));
    stage s(resolver_options().timeout(2s));
    s.server.set("www.test", dns_reply().address("127.0.0.2", 60).lie(how));
    const auto& r = s.answer_to("www.test");
    // What is no DNS message may spoil the answer, but never become one
    if (how == dns_lie::wrong_id || how == dns_lie::wrong_question)
        CHECK_FALSE(r.code);
    if (!r.code)
        CHECK(texts(r.list) == std::vector<std::string>{"127.0.0.2"});
}

TEST_CASE("what cannot be a name is refused before anybody is asked", "[resolver]") {
    stage s;
    for (const std::string& name :
         std::vector<std::string>{"", "a b.test", "a\r\nb.test", "a..test", std::string(300, 'a'), "[::1]"}) {
        const auto& r = s.answer_to(name);
        CHECK(r.code == errc::invalid_argument);
        CHECK(r.story == condition::argument);
        CHECK(r.story.message().find('\n') == std::string::npos);
    }
    CHECK(s.names.stats().queries == 0);
}

TEST_CASE("one name too many is refused, and joining one in flight is not", "[resolver]") {
    stage s(resolver_options().timeout(10s).max_in_flight(2));
    for (const char* name : {"a.test", "b.test", "c.test"})
        s.server.set(name, dns_reply().address("127.0.0.2", 60).after(20ms));
    std::list<reply> all(4);
    auto next = all.begin();
    for (const char* name : {"a.test", "b.test", "c.test", "a.test"})
        ask(s.names, name, *next++);
    s.run_until([&] { return std::ranges::all_of(all, &reply::done); });
    const reply& refused = *std::next(all.begin(), 2);
    CHECK(refused.code == errc::queue_full);
    CHECK(refused.story == condition::limit);
    CHECK(refused.story.phase() == phase::queue);
    CHECK(refused.story.limit() == "max_in_flight 2");
    CHECK_FALSE(all.front().code);
    CHECK_FALSE(all.back().code);
    CHECK_FALSE(s.answer_to("c.test").code);
}

TEST_CASE("one of two who wait is cancelled alone", "[resolver]") {
    stage s;
    s.server.set("www.test", dns_reply().address("127.0.0.2", 60).after(30ms));
    reply stays, leaves;
    ask(s.names, "www.test", leaves);
    ask(s.names, "www.test", stays);
    s.run_until([&] { return s.server.asked("www.test") == 1; });
    leaves.stop.emit(asio::cancellation_type::terminal);
    s.run_until([&] { return leaves.done(); });
    CHECK(leaves.code == condition::cancelled);
    CHECK(leaves.story.phase() == phase::resolve);
    CHECK_FALSE(stays.done());
    s.run_until([&] { return stays.done(); });
    CHECK_FALSE(stays.code);
    CHECK(leaves.calls == 1);
    CHECK(s.server.asked("www.test") == 1);
}

TEST_CASE("the answer to a cancelled look-up is remembered", "[resolver]") {
    stage s;
    s.server.set("www.test", dns_reply().address("127.0.0.2", 60).after(30ms));
    reply leaves;
    ask(s.names, "www.test", leaves);
    s.run_until([&] { return s.server.asked("www.test") == 1; });
    leaves.stop.emit(asio::cancellation_type::total);
    s.run_until([&] { return s.names.stats().in_flight == 0; });
    CHECK(leaves.code == condition::cancelled);
    CHECK_FALSE(s.answer_to("www.test").code);
    CHECK(s.server.asked("www.test") == 1);
}

TEST_CASE("cancelled after any number of handlers, it completes once and leaves nothing", "[resolver]") {
    const auto before = descriptors();
    bool was_cancelled = true;
    int rounds = 0;
    for (; was_cancelled && rounds < 1'000; ++rounds) {
        stage s;
        s.server.set("www.test", dns_reply().alias("b.test", 60).address("127.0.0.2", 60).after(1ms));
        reply r;
        ask(s.names, "www.test", r);
        for (int k = 0; k < rounds && !r.done(); ++k)
            run_one_watched(s.loop, 1s);
        r.stop.emit(asio::cancellation_type::terminal);
        s.run_until([&] { return r.done(); });
        was_cancelled = r.code.failed();
        if (was_cancelled)
            CHECK(r.code == condition::cancelled);
        s.run_until([&] { return s.names.stats().in_flight == 0; });
        CHECK(r.calls == 1);
    }
    CHECK_FALSE(was_cancelled);
    CHECK(rounds > 3);
    CHECK(descriptors() == before);
}

TEST_CASE("destroying a resolver completes what is pending", "[resolver]") {
    asio::io_context loop(1);
    dns_server server(loop.get_executor());
    server.set("mute.test", dns_reply().silent());
    const auto before = descriptors();
    auto names = std::make_unique<resolver>(loop.get_executor(), resolver_options().server(server.address()));
    std::list<reply> all(3);
    for (reply& r : all)
        ask(*names, "mute.test", r);
    while (server.asked("mute.test") == 0)
        run_one_watched(loop, 1s);
    names.reset();
    const auto end = clock_type::now() + 5s;
    while (!std::ranges::all_of(all, &reply::done) && clock_type::now() < end)
        run_one_watched(loop, 10ms);
    loop.poll();
    for (const reply& r : all) {
        CHECK(r.calls == 1);
        CHECK(r.code == errc::closed);
        CHECK(r.story.phase() == phase::resolve);
    }
    CHECK(descriptors() == before);
}

TEST_CASE("a resolver may be destroyed by the handler of its own answer", "[resolver]") {
    asio::io_context loop(1);
    dns_server server(loop.get_executor());
    server.set("www.test", dns_reply().address("127.0.0.2", 60));
    auto names = std::make_unique<resolver>(loop.get_executor(), resolver_options().server(server.address()));
    reply other;
    bool called = false;
    ask(*names, "mute.test", other);
    server.set("mute.test", dns_reply().silent());
    names->resolve("www.test", [&](error_code code, const addresses&) {
        CHECK_FALSE(code);
        called = true;
        names.reset();
    });
    while (!called || !other.done())
        REQUIRE(run_one_watched(loop, 5s) > 0);
    CHECK(other.code == errc::closed);
}

TEST_CASE("a context that ends with look-ups in flight leaks nothing", "[resolver]") {
    const auto before = descriptors();
    auto witness = std::make_shared<int>(1);
    {
        auto loop = std::make_unique<asio::io_context>(1);
        dns_server server(loop->get_executor());
        server.set("mute.test", dns_reply().silent());
        const std::string address = server.address();
        // A coroutine that owns the resolver that it waits for
        auto body = [](std::string server_address, std::shared_ptr<int> held) -> awaitable<> {
            resolver names(co_await this_coro::executor, resolver_options().server(server_address));
            const auto list = co_await names.resolve("mute.test");
            FAIL_CHECK("answered after " << *held);
        };
        spawn(loop->get_executor(), body(address, witness));
        resolver outside(loop->get_executor(), resolver_options().server(address));
        outside.resolve("mute.test", [witness](error_code, const addresses&) { FAIL_CHECK("called"); });
        while (server.asked("mute.test") < 2)
            run_one_watched(*loop, 1s);
        CHECK(witness.use_count() == 3);
        // One that has not even begun: its start waits in the queue of the loop
        auto never_run = outside.resolve("mute.test", asio::deferred);
        std::move(never_run)([witness](error_code, const addresses&) { FAIL_CHECK("called"); });
    }
    CHECK(witness.use_count() == 1);
    CHECK(descriptors() == before);
}

TEST_CASE("a coroutine gets the addresses, the failure, or the exception", "[resolver]") {
    asio::io_context loop(1);
    dns_server server(loop.get_executor());
    server.set("www.test", dns_reply().address("127.0.0.2", 60));
    auto body = [](std::string server_address) -> awaitable<int> {
        resolver names(co_await this_coro::executor, resolver_options().timeout(10s).server(server_address));
        const auto list = co_await names.resolve("www.test");
        CHECK(texts(list) == std::vector<std::string>{"127.0.0.2"});
        const auto gone = co_await names.resolve("gone.test.", nothrow);
        CHECK(gone.has_error());
        CHECK(gone.error() == condition::resolve);
        std::string told;
        try {
            co_await names.resolve("gone.test.");
        } catch (const error& e) {
            told = e.what();
        }
        CHECK(told == "resolve gone.test.: no such host (phase resolve; nothing was sent)");
        co_return 7;
    };
    CHECK(run(loop, body(server.address())) == 7);
}

TEST_CASE(
    "an operation that was deferred outlives the resolver and is told that it was closed", "[resolver]"
) {
    asio::io_context loop(1);
    auto names = std::make_unique<resolver>(loop.get_executor());
    auto later = names->resolve("192.0.2.1", asio::deferred);
    names.reset();
    run_watched(loop);
    loop.restart();
    error_code code;
    std::move(later)([&](error_code c, const addresses&) { code = c; });
    run_watched(loop);
    CHECK(code == errc::closed);
}

TEST_CASE("a resolver has work on the loop only while it looks something up", "[resolver]") {
    asio::io_context elsewhere(1);
    dns_server server(elsewhere.get_executor());
    server.set("www.test", dns_reply().address("127.0.0.2", 0));
    server.set("mute.test", dns_reply().silent());
    std::thread thread([&] { elsewhere.run(); });
    asio::io_context loop(1);
    resolver names(loop.get_executor(), resolver_options().timeout(500ms).server(server.address()));
    reply good, again, late;
    const auto begin = clock_type::now();
    ask(names, "www.test", good);
    run_watched(loop);
    loop.restart();
    ask(names, "www.test", again);
    run_watched(loop);
    CHECK(good.done());
    CHECK(again.done());
    CHECK(clock_type::now() - begin < 400ms);
    loop.restart();
    ask(names, "mute.test", late);
    run_watched(loop);
    CHECK(late.code == condition::timeout);
    CHECK(clock_type::now() - begin < 2s);
    elsewhere.stop();
    thread.join();
}

TEST_CASE("operations may be started from any thread", "[resolver]") {
    asio::io_context elsewhere(1), loop;
    dns_server server(elsewhere.get_executor());
    server.set("www.test", dns_reply().address("127.0.0.2", 0));
    auto strand = asio::make_strand(loop);
    auto names = std::make_unique<resolver>(strand, resolver_options().timeout(10s).server(server.address()));
    auto work = asio::make_work_guard(loop);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] { loop.run(); });
    threads.emplace_back([&] { elsewhere.run(); });
    std::vector<std::future<std::size_t>> counts;
    for (int i = 0; i < 3; ++i)
        counts.push_back(std::async(std::launch::async, [&] {
            std::size_t n = 0;
            for (int k = 0; k < 50; ++k)
                n += names->resolve(k % 2 ? "www.test" : "192.0.2.1", asio::use_future).get().size();
            return n;
        }));
    for (auto& n : counts)
        CHECK(n.get() == 50);
    names.reset();
    work.reset();
    elsewhere.stop();
    for (auto& t : threads)
        t.join();
}

TEST_CASE("the sockets of a look-up are not inherited by child processes", "[resolver]") {
    stage s;
    s.server.set("mute.test", dns_reply().silent());
    const auto before = descriptors();
    reply r;
    ask(s.names, "mute.test", r);
    s.run_until([&] { return s.server.asked("mute.test") > 0; });
    int opened = 0;
    for (int fd : descriptors()) {
        if (before.contains(fd))
            continue;
        ++opened;
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(opened >= 2); // the epoll and a socket
}

TEST_CASE("a port where no DNS server listens is an error at once", "[resolver]") {
    asio::io_context loop(1);
    std::string nobody;
    {
        asio::ip::udp::socket taken(loop, {asio::ip::make_address_v4("127.0.0.1"), 0});
        nobody = "127.0.0.1:" + std::to_string(taken.local_endpoint().port());
    }
    resolver names(loop.get_executor(), resolver_options().timeout(10s).server(nobody));
    reply r;
    const auto begin = clock_type::now();
    ask(names, "www.test.", r);
    run_watched(loop);
    CHECK(r.code == condition::resolve);
    CHECK(r.story.reason() == "no DNS server could be reached, or all failed");
    CHECK(clock_type::now() - begin < 8s);
}

TEST_CASE("a second server is asked when the first is silent", "[resolver]") {
    asio::io_context loop(1);
    dns_server mute(loop.get_executor()), good(loop.get_executor());
    mute.set("www.test", dns_reply().silent());
    good.set("www.test", dns_reply().address("127.0.0.2", 60));
    resolver names(
        loop.get_executor(), resolver_options().timeout(3s).server(mute.address()).server(good.address())
    );
    reply r;
    ask(names, "www.test", r);
    while (!r.done())
        REQUIRE(run_one_watched(loop, 5s) > 0);
    CHECK_FALSE(r.code);
    CHECK(mute.asked("www.test") >= 1);
}

TEST_CASE(
    "servers that cannot be understood are an error of each look-up, not of the program", "[resolver]"
) {
    asio::io_context loop(1);
    resolver names(loop.get_executor(), resolver_options().server("not an address"));
    reply r, literal;
    ask(names, "www.test", r);
    ask(names, "192.0.2.1", literal);
    run_watched(loop);
    CHECK(r.code.category() == resolver_category());
    CHECK(r.story.phase() == phase::resolve);
    CHECK(r.story.reason().find("resolver_options") != std::string::npos);
    CHECK_FALSE(literal.code);
}

TEST_CASE("the library's numbers equal portable conditions", "[resolver]") {
    const auto& category = resolver_category();
    CHECK(error_code(4, category) == condition::resolve);  // ARES_ENOTFOUND
    CHECK(error_code(1, category) == condition::resolve);  // ARES_ENODATA
    CHECK(error_code(12, category) == condition::timeout); // ARES_ETIMEOUT
    CHECK(error_code(12, category) != condition::resolve);
    CHECK(error_code(24, category) == condition::cancelled); // ARES_ECANCELLED
    CHECK(error_code(4, category).message() == "Domain name not found");
}
