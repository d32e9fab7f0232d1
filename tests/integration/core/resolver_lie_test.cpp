// Servers that say what they should not, or not all of it.

#include "tests/integration/core/resolver_stage.hpp"

using namespace oneloop;
using namespace oneloop::testing;

TEST_CASE("an answer that was cut short is asked for again over TCP", "[resolver]") {
    stage s(bare());
    dns_reply many;
    for (int i = 1; i <= 100; ++i)
        many.address("10.0.0." + std::to_string(i), 300);
    s.server.set("www.test", many.truncated());
    const auto& r = s.answer_to("www.test");
    CHECK_FALSE(r.code);
    CHECK(r.list.size() == 100);
    CHECK(s.server.asked_over_tcp() == 2);
}

TEST_CASE("silence over TCP ends with the timeout", "[resolver]") {
    stage s(bare().timeout(400ms));
    s.server.set("www.test", dns_reply().address("127.0.0.2", 300).truncated().silent_over_tcp());
    const auto& r = s.answer_to("www.test");
    CHECK(r.code == condition::timeout);
    CHECK(s.server.asked_over_tcp() >= 1);
    CHECK(s.names.stats().timeouts == 1);
    CHECK(s.names.stats().on_the_wire == 0);
}

TEST_CASE("an address of another name is never taken", "[resolver]") {
    stage s(bare());
    s.server.set("www.test", dns_reply().address("127.0.0.2", 300).stray("bank.test", "192.0.2.66", 300));
    CHECK(texts(s.answer_to("www.test").list) == strings{"127.0.0.2"});
    s.server.set("alias.test", dns_reply().alias("real.test", 300).stray("alias.tests", "192.0.2.66", 300));
    CHECK(s.answer_to("alias.test").code == condition::resolve);
    s.server.set("only.test", dns_reply().stray("bank.test", "192.0.2.66", 300));
    CHECK(s.answer_to("only.test").story.reason() == "the host has no address");
    CHECK(s.answer_to("bank.test").code == condition::resolve); // and is not remembered
    CHECK(s.server.asked("bank.test") == 1);
}

TEST_CASE("lies without a true word after them end with the timeout, and with no address", "[resolver]") {
    const auto how =
        GENERATE(dns_lie::wrong_id, dns_lie::wrong_question, dns_lie::garbage, dns_lie::cut_short);
    CAPTURE(static_cast<int>(how));
    stage s(bare().timeout(300ms));
    s.server.set("www.test", dns_reply().lie(how).only_lies());
    const auto begin = clock_type::now();
    const auto& r = s.answer_to("www.test");
    CHECK(r.code);
    CHECK(r.list.empty());
    CHECK(clock_type::now() - begin < 10s);
    CHECK(s.names.stats().cached == 0);
}

TEST_CASE("a server that refuses is told, and the next one asked", "[resolver]") {
    asio::io_context loop(1);
    dns_server rude(loop.get_executor()), kind(loop.get_executor());
    rude.set("www.test", dns_reply().refused());
    kind.set("www.test", dns_reply().address("127.0.0.2", 300));
    resolver names(loop.get_executor(), bare().server(rude.address()).server(kind.address()));
    reply r;
    ask(names, "www.test", r);
    while (!r.done())
        REQUIRE(run_one_watched(loop, 5s) > 0);
    CHECK(texts(r.list) == strings{"127.0.0.2"});
    CHECK(rude.asked("www.test") >= 1);
}
