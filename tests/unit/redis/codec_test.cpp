#include "redis/codec.hpp"

#include "tests/support/catch.hpp"
#include <oneloop/redis/error.hpp>

#include <deque>

using namespace oneloop;
using namespace oneloop::testing;
using redis::codec;
using redis::request;
using redis::value;
using kind = value::kind;
using namespace std::string_literals;

namespace {

class taker final : public redis::reply_taker {
public:
    void take(value v) noexcept override {
        ++calls;
        got = std::move(v);
    }
    void lost() noexcept override {
        ++calls;
        was_lost = true;
    }
    int calls = 0;
    bool was_lost = false;
    value got;
};

constexpr std::size_t plenty = 1 << 20;

} // namespace

TEST_CASE("codec: commands become bytes, any bytes", "[redis][codec]") {
    taker one, two;
    codec c(plenty);
    CHECK(c.output().empty());
    REQUIRE(c.push(request("GET").arg("car"), one));
    CHECK(c.output() == "*2\r\n$3\r\nGET\r\n$3\r\ncar\r\n");
    c.sent();
    CHECK(c.output().empty());
    REQUIRE(c.push(request("SET").args("a\0b"s, "\r\n", ""), two));
    CHECK(c.output() == "*4\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$2\r\n\r\n\r\n$0\r\n\r\n"s);
    CHECK(c.owed() == 2);
}

TEST_CASE("codec: commands wait behind one another, long ones too", "[redis][codec]") {
    taker who[3];
    codec c(plenty);
    request many("MSET");
    std::string expected = "*41\r\n$4\r\nMSET\r\n";
    for (int i = 10; i < 50; ++i) {
        many.arg(i);
        expected += "$2\r\n" + std::to_string(i) + "\r\n";
    }
    REQUIRE(c.push(many, who[0]));
    REQUIRE(c.push(request("PING"), who[1]));
    CHECK(c.output() == expected + "*1\r\n$4\r\nPING\r\n");
    c.sent();
    const std::string large(3'000'000, 'x');
    REQUIRE(c.push(request("ECHO").arg(large), who[2]));
    CHECK(c.output() == "*2\r\n$4\r\nECHO\r\n$3000000\r\n" + large + "\r\n");
    c.sent(); // which also lets go of the memory
    CHECK(c.output().empty());
    CHECK(c.feed("+a\r\n+b\r\n+c\r\n").code() == error_code());
    for (const auto& t : who)
        CHECK(t.calls == 1);
}

TEST_CASE("codec: each reply goes to whom it belongs, when it is complete", "[redis][codec]") {
    std::deque<taker> who(3);
    codec c(plenty);
    for (auto& t : who)
        REQUIRE(c.push(request("GET").arg("x"), t));
    CHECK_FALSE(c.feed("$3\r\nab").code());
    CHECK(who[0].calls == 0);
    CHECK(c.midway());
    CHECK_FALSE(c.feed("c\r\n:7\r\n").code());
    CHECK(who[0].got == value(kind::text, "abc"));
    CHECK(who[1].got == value(std::int64_t{7}));
    CHECK(who[2].calls == 0);
    CHECK(c.owed() == 1);
    CHECK_FALSE(c.feed("$-1\r\n").code());
    CHECK(who[2].got.is_nil());
    for (const auto& t : who) {
        CHECK(t.calls == 1);
        CHECK_FALSE(t.was_lost);
    }
    CHECK_FALSE(c.midway());
}

TEST_CASE("codec: values of every kind", "[redis][codec]") {
    const std::string bytes =
        "*7\r\n$4\r\n\0\r\n\xff\r\n+OK\r\n-ERR no\r\n:-5\r\n$-1\r\n*-1\r\n*3\r\n*0\r\n*1\r\n$0\r\n\r\n+x\r\n"s;
    value::array inner;
    inner.push_back(value(value::array()));
    inner.push_back(value(value::array{value(kind::text, "")}));
    inner.push_back(value(kind::status, "x"));
    value::array all{
        value(kind::text, "\0\r\n\xff"s),
        value(kind::status, "OK"),
        value(kind::error, "ERR no"),
        value(std::int64_t{-5}),
        value(),
        value(),
        value(inner)};
    const value expected(std::move(all));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        INFO("cut at " << cut);
        taker t;
        codec c(plenty);
        REQUIRE(c.push(request("EXEC"), t));
        CHECK_FALSE(c.feed(bytes.substr(0, cut)).code());
        CHECK(t.calls == 0);
        CHECK_FALSE(c.feed(bytes.substr(cut)).code());
        CHECK(t.calls == 1);
        CHECK(t.got == expected);
    }
    taker deep;
    codec c(plenty);
    REQUIRE(c.push(request("EVAL"), deep));
    CHECK_FALSE(c.feed("*2\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*2\r\n:1\r\n:2\r\n:3\r\n").code());
    const value* v = &deep.got;
    CHECK(v->items().at(1) == value(std::int64_t{3}));
    for (int depth = 0; depth < 6; ++depth)
        v = &v->items().at(0);
    CHECK(*v == value(value::array{value(std::int64_t{1}), value(std::int64_t{2})}));
}

TEST_CASE("codec: large arrays", "[redis][codec]") {
    taker t;
    codec c(std::size_t{64} << 20);
    REQUIRE(c.push(request("LRANGE"), t));
    std::string bytes = "*5000\r\n";
    for (int i = 0; i < 5000; ++i)
        bytes += "*1\r\n:" + std::to_string(i) + "\r\n";
    CHECK_FALSE(c.feed(bytes).code());
    REQUIRE(t.got.items().size() == 5000);
    CHECK(t.got.items()[4321].items().at(0).integer() == 4321);
}

TEST_CASE("codec: whoever still waits at the end has lost", "[redis][codec]") {
    std::deque<taker> who(3);
    {
        codec c(plenty);
        for (auto& t : who)
            REQUIRE(c.push(request("GET"), t));
        CHECK_FALSE(c.feed("+a\r\n*2\r\n$5\r\nab").code());
    }
    CHECK_FALSE(who[0].was_lost);
    CHECK(who[1].was_lost);
    CHECK(who[2].was_lost);
    for (const auto& t : who)
        CHECK(t.calls == 1);
    codec unused(plenty);
}

TEST_CASE("codec: every fault is told, and nobody is answered twice", "[redis][codec]") {
    struct fault {
        std::string bytes;
        error_code code;
        std::string why;
    };
    const error_code protocol = make_error_code(oneloop::errc::protocol_violation);
    const fault faults[] = {
        {"+OK\r\n+OK\r\n+OK\r\n", protocol, "nobody had asked for"},
        {"+OK\r\n+OK\r\n-ERR max number of clients reached\r\n", redis::errc::too_many_clients, "max number"},
        {"+OK\r\n+OK\r\n-\r\n", protocol, "nobody had asked for"},
        {">3\r\n$7\r\nmessage\r\n", protocol, "begins with '>'"},
        {"+OK\r\nx", protocol, "begins with 'x'"},
        {"$abc\r\n", protocol, "in place of a number"},
        {"$-2\r\n", protocol, "negative"},
        {"$1\r\nab\r\n", protocol, "another length"},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", protocol, "deep"},
        {"$1048577\r\n", oneloop::errc::too_large, "max_reply"},
        {"*2147483647\r\n", oneloop::errc::too_large, "max_reply"},
        {"+" + std::string(70'000, 'x'), protocol, "64 KiB"},
    };
    for (const auto& f : faults) {
        INFO(f.bytes.substr(0, 60));
        std::deque<taker> who(2);
        {
            codec c(plenty);
            for (auto& t : who)
                REQUIRE(c.push(request("GET"), t));
            const failure told = c.feed(f.bytes);
            CHECK(told.code() == f.code);
            CHECK_THAT(told.reason(), containing(f.why));
        }
        for (const auto& t : who)
            CHECK(t.calls == 1);
    }
}

TEST_CASE("codec: bytes before any command are asked for by nobody", "[redis][codec]") {
    for (const char* bytes : {"+OK\r\n", "*3\r\n$9\r\nsubscribe\r\n", "$-1\r\n", "\r\n", "\xff"}) {
        codec c(plenty);
        CHECK_FALSE(c.feed("").code());
        CHECK(c.feed(bytes) == condition::protocol);
    }
}
