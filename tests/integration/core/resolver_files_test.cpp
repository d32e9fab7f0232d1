// The hosts file, resolv.conf, search domains and overrides.

#include "tests/integration/core/resolver_stage.hpp"
#include "tests/support/temp_dir.hpp"
#include <oneloop/sleep.hpp>

#include <fstream>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string conf_for(const dns_server& server, const std::string& more = "") {
    const auto address = server.address();
    const auto colon = address.find(':');
    return "nameserver [" + address.substr(0, colon) + "]" + address.substr(colon) + "\n" + more;
}

} // namespace

TEST_CASE("the hosts file comes before the DNS, and its changes are noticed", "[resolver]") {
    const temp_dir dir;
    const std::string path = (dir / "hosts").string();
    write(path, "192.0.2.1 db.test db # comment\n");
    in_virtual_time(bare().hosts_file(path), [&](resolver& names, dns_server& server) -> awaitable<> {
        server.set("db.test", dns_reply().address("127.0.0.2", 300));
        auto list = co_await names.resolve("DB.test");
        CHECK(texts(list) == strings{"192.0.2.1"});
        write(path, "192.0.2.2 db.test\n2001:db8::2 db.test\n");
        auto same_second = co_await names.resolve("db.test");
        CHECK(texts(same_second) == strings{"192.0.2.1"}); // the file is not looked at for every question
        co_await sleep_for(1s);
        auto later = co_await names.resolve("db.test.");
        CHECK(texts(later) == strings{"192.0.2.2", "2001:db8::2"});
        CHECK(server.asked("db.test") == 0);
        CHECK(names.stats().local == 3);
        std::filesystem::remove(path);
        co_await sleep_for(1s);
        auto gone = co_await names.resolve("db.test");
        CHECK(texts(gone) == strings{"127.0.0.2"});
        write(path, "192.0.2.3 db.test\n");
        co_await sleep_for(1s);
        auto back = co_await names.resolve("db.test"); // also before what the DNS has said
        CHECK(texts(back) == strings{"192.0.2.3"});
    });
}

TEST_CASE("a hosts file of many megabytes is read without stopping the loop", "[resolver]") {
    const temp_dir dir;
    const std::string path = (dir / "hosts").string();
    {
        std::ofstream file(path);
        for (int i = 0; i < 100'000; ++i)
            file << "0.0.0.0 blocked-" << i << ".advertisement.example\n";
        file << "192.0.2.1 last.test\n";
    }
    stage s(bare().hosts_file(path)); // watched
    reply early, leaves;
    ask(s.names, "last.test", early);
    ask(s.names, "last.test", leaves);
    s.run_until([&] { return s.names.stats().waiting == 2; });
    leaves.stop.emit(asio::cancellation_type::terminal);
    CHECK(texts(s.answer_to("last.test").list) == strings{"192.0.2.1"});
    CHECK(texts(early.list) == strings{"192.0.2.1"});
    CHECK(leaves.code == condition::cancelled);
    CHECK(s.names.stats().waiting == 0);
    CHECK(texts(s.answer_to("blocked-77.advertisement.example").list) == strings{"0.0.0.0"});
}

TEST_CASE("a resolver that ends while it reads the hosts file tells who waits", "[resolver]") {
    const temp_dir dir;
    const std::string path = (dir / "hosts").string();
    write(path, std::string(200'000, '#'));
    asio::io_context loop(1);
    auto names = std::make_unique<resolver>(loop.get_executor(), bare().hosts_file(path));
    reply r;
    ask(*names, "www.test", r);
    while (names->stats().waiting == 0)
        REQUIRE(run_one_watched(loop, 5s) > 0);
    names.reset();
    run_watched(loop);
    CHECK(r.code == errc::closed);
}

TEST_CASE("search domains are tried, but not for a name with a dot at the end", "[resolver]") {
    auto how = bare().search_domain("one.test").search_domain("two.test");
    in_virtual_time(how, [&](resolver& names, dns_server& server) -> awaitable<> {
        server.set("db.two.test", dns_reply().address("127.0.0.2", 300));
        server.set("a.b.one.test", dns_reply().address("127.0.0.3", 300));
        server.set("c.d", dns_reply().address("127.0.0.4", 300));
        auto found = co_await names.resolve("db");
        CHECK(texts(found) == strings{"127.0.0.2"});
        CHECK(server.asked("db.one.test") == 1);
        CHECK(server.asked("db") == 0);
        auto absolute = co_await names.resolve("db.", nothrow);
        CHECK_FALSE(absolute);
        CHECK(server.asked("db") == 1);
        auto dotted = co_await names.resolve("c.d");
        CHECK(texts(dotted) == strings{"127.0.0.4"});
        CHECK(server.asked("c.d.one.test") == 0);
        auto dotted_found = co_await names.resolve("a.b");
        CHECK(texts(dotted_found) == strings{"127.0.0.3"});
        CHECK(server.asked("a.b") == 1); // as it is first
        server.set("sick.one.test", dns_reply().server_failure());
        server.set("sick.two.test", dns_reply().address("127.0.0.6", 300));
        auto sick = co_await names.resolve("sick", nothrow); // might be another host's address
        CHECK_FALSE(sick);
    });
}

TEST_CASE("search domains and ndots come from resolv.conf unless they are given", "[resolver]") {
    const temp_dir dir;
    const std::string path = (dir / "resolv.conf").string();
    write(path, "search sys.test\noptions ndots:3\n");
    const auto how = bare().resolv_conf(path);
    auto asked = [&](resolver_options options, const std::string& name, const std::string& which) {
        int count = 0;
        in_virtual_time(options, [&](resolver& names, dns_server& server) -> awaitable<> {
            server.set(name, dns_reply().address("127.0.0.2", 300));
            auto ignored = co_await names.resolve(name, nothrow);
            CHECK(ignored);
            count = server.asked(which);
        });
        return count;
    };
    CHECK(asked(how, "db", "db.sys.test") == 1);
    CHECK(asked(resolver_options(how).no_search_domains(), "db", "db.sys.test") == 0);
    CHECK(asked(resolver_options(how).search_domain("own.test"), "db", "db.own.test") == 1);
    CHECK(asked(resolver_options(how).search_domain("own.test"), "db", "db.sys.test") == 0);
    CHECK(asked(how, "a.b", "a.b.sys.test") == 0); // as it is first, whatever resolv.conf says
    CHECK(asked(resolver_options(how).ndots(resolver_options::system_ndots), "a.b", "a.b.sys.test") == 1);
    CHECK(asked(resolver_options(how).ndots(2), "a.b", "a.b.sys.test") == 1);
}

TEST_CASE("an override comes before all else, for every way to write the name", "[resolver]") {
    const temp_dir dir;
    const std::string path = (dir / "hosts").string();
    write(path, "192.0.2.1 db.test\n");
    const auto how = bare()
                         .hosts_file(path)
                         .override_name("DB.test", "192.0.2.8", "2001:db8::8")
                         .override_name("off.test");
    in_virtual_time(
        resolver_options(how).order(address_order::ipv4_first),
        [&](resolver& names, dns_server& server) -> awaitable<> {
            auto list = co_await names.resolve("db.TEST.");
            REQUIRE(list.size() == 2);
            CHECK(list.front().to_string() == "192.0.2.8");
            auto off = co_await names.resolve("off.test", nothrow);
            REQUIRE_FALSE(off);
            CHECK(off.error() == condition::resolve);
            CHECK(server.datagrams() == 0);
            CHECK(names.stats().local == 2);
        }
    );
}

TEST_CASE("another resolv.conf sends questions to other servers and loses none under way", "[resolver]") {
    const temp_dir dir;
    const std::string path = (dir / "resolv.conf").string();
    asio::io_context loop(1);
    dns_server old(loop.get_executor()), fresh(loop.get_executor());
    write(path, conf_for(old));
    resolver names(
        loop.get_executor(),
        resolver_options().timeout(30s).resolv_conf(path).hosts_file("").no_search_domains()
    );
    auto run_until = [&](auto done) {
        const auto end = clock_type::now() + 20s;
        while (!done() && clock_type::now() < end)
            run_one_watched(loop, 10ms);
        REQUIRE(done());
    };
    for (auto* server : {&old, &fresh})
        server->set("www.test", dns_reply().address(server == &old ? "127.0.0.2" : "127.0.0.3", 300));
    old.set("slow.test", dns_reply().address("127.0.0.4", 300).after(1500ms));
    fresh.set("slow.test", dns_reply().silent());
    old.set("mute.test", dns_reply().silent());
    fresh.set("mute.test", dns_reply().address("127.0.0.5", 300));
    reply before, slow, mute;
    ask(names, "www.test", before);
    ask(names, "slow.test", slow);
    ask(names, "mute.test", mute);
    run_until([&] { return before.done(); });
    CHECK(texts(before.list) == strings{"127.0.0.2"});
    run_until([&] { return old.asked("mute.test") > 0 && old.asked("slow.test") > 0; });

    write(path, "# another network\n" + conf_for(fresh));
    std::list<reply> later;
    run_until([&] {
        if (later.empty() || later.back().done())
            ask(names, "www.test", later.emplace_back());
        return fresh.asked("www.test") > 0; // what was remembered is forgotten
    });
    run_until([&] { return later.back().done() && slow.done() && mute.done(); });
    CHECK(texts(later.back().list) == strings{"127.0.0.3"});
    CHECK(texts(slow.list) == strings{"127.0.0.4"}); // by the old server
    CHECK(texts(mute.list) == strings{"127.0.0.5"}); // asked again of the new one
}
