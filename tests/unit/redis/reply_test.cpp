#include "tests/support/catch.hpp"
#include <oneloop/redis/reply.hpp>

#include <deque>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

using namespace oneloop;
using namespace oneloop::testing;
using redis::value;
using kind = value::kind;

namespace {

value text(std::string s) {
    return value(kind::text, std::move(s));
}
value status(std::string s) {
    return value(kind::status, std::move(s));
}
value number(std::int64_t n) {
    return value(n);
}
value error_reply(std::string s) {
    return value(kind::error, std::move(s));
}
template <class... T>
value array(T... items) {
    value::array all;
    (all.push_back(std::move(items)), ...);
    return value(std::move(all));
}

template <class T>
T as(value v) {
    auto r = redis::from_reply<T>(std::move(v));
    INFO((r.has_error() ? r.error().message() : ""));
    REQUIRE(r.has_value());
    return std::move(*r);
}

// The reason of a refusal.
template <class T>
std::string refused(value v) {
    const auto r = redis::from_reply<T>(std::move(v));
    REQUIRE(r.has_error());
    CHECK(r.error() == make_error_code(redis::errc::unexpected_reply));
    CHECK(r.error() == condition::argument);
    CHECK(r.error().phase() == phase::receive);
    CHECK(r.error().outcome() == outcome::answered);
    return r.error().reason();
}

} // namespace

TEST_CASE("value: what it is", "[redis][reply]") {
    CHECK(value().is_nil());
    CHECK(value().description() == "nil");
    CHECK(text("abc").what() == kind::text);
    CHECK(text("abc").description() == "a text of 3 bytes");
    CHECK(status("OK").what() == kind::status);
    CHECK(status("OK").description() == "the status OK");
    CHECK(number(-5).integer() == -5);
    CHECK(number(-5).description() == "the number -5");
    CHECK(error_reply("ERR x").text() == "ERR x");
    CHECK(error_reply("ERR x").description() == "the error ERR x");
    CHECK(array(number(1), value()).items().size() == 2);
    CHECK(array().description() == "an array of 0");
    CHECK_FALSE(text("OK") == status("OK"));
    CHECK_FALSE(text("1") == number(1));
    CHECK(array(text("a")) == array(text("a")));
    // of another kind than was asked for
    CHECK(number(1).text() == "");
    CHECK(text("1").integer() == 0);
    CHECK(text("1").items().empty());
    value none;
    none.items().push_back(number(1));
    CHECK(value().items().empty());
    CHECK(none.is_nil());
}

TEST_CASE("reply: a value takes everything", "[redis][reply]") {
    for (const value& v : {value(), text("a"), number(1), error_reply("ERR"), array(error_reply("ERR"))})
        CHECK(as<value>(v) == v);
    CHECK(redis::from_reply<void>(value()).has_value());
    CHECK(redis::from_reply<void>(array(error_reply("x"))).has_value());
}

TEST_CASE("reply: texts", "[redis][reply]") {
    const std::string binary("\0\xff\r\n", 4);
    CHECK(as<std::string>(text(binary)) == binary);
    CHECK(as<std::string>(status("OK")) == "OK");
    CHECK(as<std::string>(number(-12)) == "-12");
    CHECK_THAT(
        refused<std::string>(value()), containing("the answer is nil, not a text (ask for std::optional")
    );
    CHECK(refused<std::string>(array()) == "the answer is an array of 0, not a text");
}

TEST_CASE("reply: whole numbers", "[redis][reply]") {
    CHECK(as<int>(number(5)) == 5);
    CHECK(as<std::int64_t>(text("-9223372036854775808")) == std::numeric_limits<std::int64_t>::min());
    CHECK(as<std::uint8_t>(number(255)) == 255);
    CHECK(as<short>(status("7")) == 7);
    CHECK(
        refused<std::uint8_t>(number(256)) == "the answer is the number 256, not a number that fits its type"
    );
    CHECK_THAT(refused<unsigned>(number(-1)), containing("fits"));
    CHECK_THAT(refused<int>(text("3000000000")), containing("fits"));
    for (const char* no : {"", " 1", "1 ", "+1", "1.0", "x", "9223372036854775808"})
        CHECK_THAT(refused<std::int64_t>(text(no)), containing("not a whole number"));
    refused<int>(value());
    refused<int>(array(number(1)));
}

TEST_CASE("reply: numbers", "[redis][reply]") {
    CHECK(as<double>(text("2.5")) == 2.5);
    CHECK(as<double>(number(3)) == 3.0);
    CHECK(as<float>(text("0.5")) == 0.5f);
    CHECK(as<double>(text("-inf")) == -std::numeric_limits<double>::infinity());
    CHECK(as<double>(text("1e+300")) == 1e300);
    for (const char* no : {"", "x", "1,5", "1.5x", " 1", "0x10"})
        CHECK_THAT(refused<double>(text(no)), containing("not a number"));
    refused<double>(value());
}

TEST_CASE("reply: truth", "[redis][reply]") {
    CHECK(as<bool>(number(1)));
    CHECK_FALSE(as<bool>(number(0)));
    CHECK(as<bool>(status("OK")));
    CHECK(as<bool>(text("1")));
    CHECK_FALSE(as<bool>(text("0")));
    for (const value& no :
         {number(2), number(-1), status("QUEUED"), text("OK"), text("true"), value(), array(number(1))})
        CHECK_THAT(refused<bool>(no), containing("not 1, 0 or OK"));
}

TEST_CASE("reply: nil or something", "[redis][reply]") {
    CHECK(as<std::optional<std::string>>(value()) == std::nullopt);
    CHECK(as<std::optional<std::string>>(text("")) == "");
    CHECK(as<std::optional<int>>(text("5")) == 5);
    CHECK(as<std::optional<std::vector<int>>>(value()) == std::nullopt);
    refused<std::optional<int>>(text("five"));
}

TEST_CASE("reply: sequences and sets", "[redis][reply]") {
    const value three = array(text("b"), text("a"), text("b"));
    CHECK(as<std::vector<std::string>>(three) == std::vector<std::string>{"b", "a", "b"});
    CHECK(as<std::list<std::string>>(three) == std::list<std::string>{"b", "a", "b"});
    CHECK(as<std::deque<std::string>>(three).size() == 3);
    CHECK(as<std::set<std::string>>(three) == std::set<std::string>{"a", "b"});
    CHECK(as<std::multiset<std::string>>(three).size() == 3);
    CHECK(as<std::unordered_set<std::string>>(three).size() == 2);
    CHECK(as<std::vector<bool>>(array(number(1), number(0))) == std::vector<bool>{true, false});
    CHECK(
        as<std::vector<std::optional<int>>>(array(number(1), value())) ==
        std::vector<std::optional<int>>{1, {}}
    );
    CHECK(
        as<std::vector<std::vector<int>>>(array(array(number(1)), array())) ==
        std::vector<std::vector<int>>{{1}, {}}
    );
    CHECK(as<std::vector<int>>(array()).empty());
    CHECK(refused<std::vector<std::string>>(text("a")) == "the answer is a text of 1 bytes, not an array");
    refused<std::vector<std::string>>(value());
    CHECK_THAT(refused<std::vector<int>>(array(number(1), text("x"))), containing("not a whole number"));
}

TEST_CASE("reply: maps", "[redis][reply]") {
    const value two = array(text("a"), text("1"), text("b"), text("2"));
    CHECK(as<std::map<std::string, int>>(two) == std::map<std::string, int>{{"a", 1}, {"b", 2}});
    CHECK(as<std::unordered_map<std::string, std::string>>(two).at("b") == "2");
    CHECK(as<std::multimap<std::string, value>>(two).size() == 2);
    CHECK(as<std::map<int, int>>(array()).empty());
    CHECK(
        refused<std::map<std::string, int>>(array(text("a"))) ==
        "the answer is an array of 1, not keys and values in turn"
    );
    refused<std::map<std::string, int>>(value());
    refused<std::map<std::string, int>>(array(text("a"), text("x")));
    refused<std::map<int, std::string>>(array(text("a"), text("x")));
}

TEST_CASE("reply: pairs and tuples", "[redis][reply]") {
    const value scan = array(text("17"), array(text("a"), text("b")));
    const auto page = as<std::pair<std::uint64_t, std::vector<std::string>>>(scan);
    CHECK(page.first == 17);
    CHECK(page.second.size() == 2);
    CHECK(
        as<std::tuple<int, std::optional<int>, std::string>>(array(number(1), value(), status("x"))) ==
        std::tuple<int, std::optional<int>, std::string>{1, {}, "x"}
    );
    CHECK(refused<std::pair<int, int>>(array(number(1))) == "the answer is an array of 1, not an array of 2");
    refused<std::pair<int, int>>(array(number(1), number(2), number(3)));
    refused<std::tuple<int>>(number(1));
    const auto why = refused<std::pair<int, int>>(array(number(1), text("x")));
    CHECK_THAT(why, containing("whole number"));
}

TEST_CASE("reply: an error of the server is told as such, wherever it stands", "[redis][reply]") {
    const auto told = [](auto r) {
        REQUIRE(r.has_error());
        CHECK(r.error() == make_error_code(redis::errc::wrong_type));
        CHECK(r.error() == condition::server);
        CHECK(r.error().outcome() == outcome::answered);
        CHECK(r.error().reason() == "WRONGTYPE no");
    };
    const value e = error_reply("WRONGTYPE no");
    told(redis::from_reply<std::string>(e));
    told(redis::from_reply<void>(e));
    told(redis::from_reply<std::optional<int>>(e));
    told(redis::from_reply<std::vector<int>>(array(number(1), e)));
    told(redis::from_reply<std::map<int, int>>(array(number(1), e)));
    told(redis::from_reply<std::map<int, int>>(array(e, number(1))));
    told(redis::from_reply<std::pair<int, int>>(array(number(1), e)));
    CHECK(as<std::vector<value>>(array(number(1), e)).back() == e);
}

TEST_CASE("error: the word at the beginning of an error's text is its code", "[redis][reply]") {
    using redis::code_of;
    using redis::errc;
    for (const auto& [said, code] :
         {std::pair<const char*, redis::errc>{"WRONGTYPE Operation against a key", errc::wrong_type},
          {"NOAUTH Authentication required.", errc::no_auth},
          {"WRONGPASS invalid", errc::wrong_pass},
          {"NOPERM this user", errc::no_perm},
          {"LOADING", errc::loading},
          {"BUSY Redis is busy", errc::busy},
          {"BUSYKEY Target key", errc::busy_key},
          {"BUSYGROUP Consumer", errc::busy_group},
          {"READONLY You", errc::read_only},
          {"OOM command", errc::out_of_memory},
          {"NOSCRIPT No", errc::no_script},
          {"EXECABORT T", errc::exec_abort},
          {"MISCONF R", errc::misconfigured},
          {"MASTERDOWN L", errc::master_down},
          {"MOVED 3999 127.0.0.1:6381", errc::moved},
          {"ASK 3999 x", errc::ask},
          {"CROSSSLOT K", errc::cross_slot},
          {"TRYAGAIN M", errc::try_again},
          {"CLUSTERDOWN H", errc::cluster_down},
          {"NOGROUP N", errc::no_group},
          {"ERR max number of clients reached", errc::too_many_clients},
          {"ERR unknown command", errc::other},
          {"BUSYNESS x", errc::other},
          {"ASKED", errc::other},
          {"", errc::other},
          {" OOM", errc::other}}) {
        INFO(said);
        CHECK(code_of(said) == make_error_code(code));
        CHECK(code_of(said) == condition::server);
        CHECK_FALSE(code_of(said).message().empty());
    }
    CHECK(make_error_code(errc::unexpected_reply) == condition::argument);
    CHECK_FALSE(make_error_code(errc::unexpected_reply) == condition::server);
    CHECK(std::string(redis::category().name()) == "redis");
}
