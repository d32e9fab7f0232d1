#include "tests/integration/redis/checks.hpp"

#include <limits>
#include <ranges>
#include <set>
#include <unordered_map>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE("redis: a hash is written and read whole, over TCP and a Unix socket", "[redis]") {
    const redis_server server;
    for (const auto& where : {at(server), redis::options().unix_socket(server.socket_path().string())})
        with_client(where, [](redis::client& redis) -> awaitable<> {
            co_await redis.del("car");
            auto added = co_await redis.hset("car", "key1", "one", "key2", 2, "key3", 2.5);
            CHECK(added == 3);
            auto car = co_await redis.hgetall("car");
            CHECK(car == std::map<std::string, std::string>{{"key1", "one"}, {"key2", "2"}, {"key3", "2.5"}});
            const std::unordered_map<std::string, int> more{{"key2", 3}, {"key4", 4}};
            auto got1 = co_await redis.hset("car", more);
            CHECK(got1 == 1);
            auto numbers =
                co_await redis.command<std::vector<std::optional<int>>>("HMGET", "car", "key4", "none");
            CHECK(numbers == std::vector<std::optional<int>>{4, {}});
            auto got2 = co_await redis.del("car", "none");
            CHECK(got2 == 1);
            auto gone = co_await redis.hgetall("car");
            CHECK(gone.empty());
            co_await redis.close();
        });
}

TEST_CASE("redis: any bytes come back as they were", "[redis]") {
    const redis_server server;
    with_client(at(server), [](redis::client& redis) -> awaitable<> {
        std::string every_byte;
        for (int i = 0; i < 256; ++i)
            every_byte += static_cast<char>(i);
        const std::string injection = "x\r\nSET owned 1\r\n";
        co_await redis.set(every_byte, injection);
        auto got3 = co_await redis.get(every_byte);
        CHECK(got3 == injection);
        auto got4 = co_await redis.get("owned");
        CHECK(got4 == std::nullopt);
        auto got5 = co_await redis.get("");
        CHECK(got5 == std::nullopt);
        co_await redis.set("", "");
        auto got6 = co_await redis.get("");
        CHECK(got6 == "");
        const std::string large(5'000'000, 'z');
        co_await redis.set("large", large);
        auto back = co_await redis.get("large");
        CHECK((back && *back == large));
    });
}

TEST_CASE("redis: replies become the types that were asked for", "[redis]") {
    const redis_server server;
    with_client(at(server), [](redis::client& redis) -> awaitable<> {
        co_await redis.ping();
        co_await redis.set("n", std::numeric_limits<long long>::min());
        auto got7 = co_await redis.get<long long>("n");
        CHECK(got7 == std::numeric_limits<long long>::min());
        co_await redis.set("d", 0.1);
        auto got8 = co_await redis.get<double>("d");
        CHECK(got8 == 0.1);
        auto got9 = co_await redis.expire("n", 1h);
        CHECK(got9 == true);
        auto got10 = co_await redis.expire("none", 1h);
        CHECK(got10 == false);
        auto life = co_await redis.command<std::int64_t>("PTTL", "n");
        CHECK((life > 0 && life <= 3'600'000));
        auto got11 = co_await redis.command<std::string>("SET", "x", "y");
        CHECK(got11 == "OK");
        co_await redis.command<void>("RPUSH", "list", 1, 2, 3);
        auto list = co_await redis.command<std::vector<int>>("LRANGE", "list", 0, -1);
        CHECK(list == std::vector{1, 2, 3});
        auto set = co_await redis.command<std::set<std::string>>("LRANGE", "list", 0, -1);
        CHECK(set.size() == 3);
        auto [cursor, keys] =
            co_await redis.command<std::pair<std::string, std::vector<std::string>>>("SCAN", 0, "COUNT", 100);
        CHECK(cursor == "0");
        CHECK(keys.size() == 4);
        auto raw = co_await redis.command("EVAL", "return {1, 'a', {2, false}, redis.error_reply('E x')}", 0);
        REQUIRE(raw.items().size() == 4);
        CHECK(raw.items()[2].items()[1].is_nil());
        CHECK(raw.items()[3].what() == redis::value::kind::error);
        auto nil_array =
            co_await redis.command<std::optional<std::vector<std::string>>>("BLPOP_FREE", "x", nothrow);
        CHECK(nil_array.has_error());
    });
}

TEST_CASE("redis: an error of the server is told whole and costs nothing", "[redis]") {
    const redis_server server;
    with_client(at(server), [](redis::client& redis) -> awaitable<> {
        co_await redis.command<void>("RPUSH", "list", 1);
        auto wrong = co_await redis.get("list", nothrow);
        check_failure(wrong, condition::server, phase::receive, "", outcome::answered, "GET list: WRONGTYPE");
        CHECK(wrong.error().code() == redis::errc::wrong_type);
        auto unknown = co_await redis.command("NOSUCH", "secret", nothrow);
        check_failure(unknown, condition::server, phase::receive, "", outcome::answered, "unknown command");
        auto kind = co_await redis.command<int>("LRANGE", "list", 0, -1, nothrow);
        check_failure(kind, condition::argument, phase::receive, "", outcome::answered, "an array of 1");
        auto fits = co_await redis.command<signed char>("STRLEN", std::string(10, 'x'), nothrow);
        CHECK(fits.has_value());
        CHECK(redis.stats().connects == 1);
        auto got12 = co_await redis.command<int>("LLEN", "list");
        CHECK(got12 == 1);
        auto thrown = co_await caught(redis.get("list"));
        CHECK(failure_of(thrown).code() == redis::errc::wrong_type);
    });
}

TEST_CASE("redis: what a shared connection cannot bear is refused and says what to do", "[redis][guard]") {
    const redis_server server;
    with_client(at(server), [](redis::client& redis) -> awaitable<> {
        for (const char* name :
             {"SUBSCRIBE", "multi", "Select", "blpop", "MONITOR", "QUIT", "hello", "CLIENT"}) {
            auto refused = co_await redis.command(name, "REPLY", nothrow);
            INFO(name);
            check_failure(refused, condition::argument, phase::none, "", outcome::not_sent);
        }
        auto waits = co_await redis.command("XREAD", "block", 0, "STREAMS", "s", "$", nothrow);
        check_failure(waits, condition::argument, phase::none, "", outcome::not_sent, "redis::pool");
        auto looks = co_await redis.command<std::string>("CLIENT", "LIST");
        CHECK_THAT(looks, containing("addr="));
        auto none = co_await redis.command("XREAD", "STREAMS", "s", "0");
        CHECK(none.is_nil());
    });
}

TEST_CASE(
    "redis: a thousand commands at once each get their own answer, in few packets", "[redis][pipeline]"
) {
    const redis_server server;
    with_client(at(server), [&](redis::client& redis) -> awaitable<> {
        auto echo = [&](int i) { return redis.command<int>("ECHO", i); };
        auto answers = co_await gather(std::views::iota(0, 1000) | std::views::transform(echo));
        for (int i = 0; i < 1000; ++i)
            REQUIRE(answers[static_cast<std::size_t>(i)] == i);
        auto info = co_await redis.command<std::string>("INFO", "stats");
        const auto at = info.find("total_reads_processed:");
        REQUIRE(at != std::string::npos);
        CHECK(std::stoi(info.substr(at + 22)) < 50);
        CHECK(redis.stats().connects == 1);
    });
}

TEST_CASE("redis: commands take callbacks, and deferred ones start later", "[redis]") {
    const redis_server server;
    with_client(at(server), [](redis::client& redis) -> awaitable<> {
        auto later =
            redis.command<std::string>("ECHO", std::string("owned by the operation"), boost::asio::deferred);
        bool called = false;
        redis.set("x", 1, [&](error_code code) { called = !code; });
        CHECK_FALSE(called);
        auto [code, said] = co_await std::move(later)(boost::asio::as_tuple(boost::asio::use_awaitable));
        CHECK_FALSE(code);
        CHECK(said == "owned by the operation");
        CHECK(called); // commands keep their order
    });
}

TEST_CASE("redis: the limits of what waits", "[redis][limit]") {
    const redis_server server;
    with_client(at(server).max_pending(10).max_pending_bytes(1000), [](redis::client& redis) -> awaitable<> {
        auto ping = [&](int) { return redis.ping(nothrow); };
        auto answers = co_await gather(std::views::iota(0, 15) | std::views::transform(ping));
        CHECK(std::ranges::count_if(answers, [](const auto& a) { return a.has_value(); }) == 10);
        check_failure(
            answers[14], condition::limit, phase::queue, "max_pending 10", outcome::not_sent, "PING at"
        );
        auto [first, large, small] = co_await gather(
            redis.ping(nothrow), redis.set("x", std::string(1000, 'x'), nothrow), redis.ping(nothrow)
        );
        CHECK(first);
        check_failure(
            large, condition::limit, phase::queue, "max_pending_bytes 1000 bytes", outcome::not_sent
        );
        CHECK(small);
        co_await redis.set("x", std::string(2000, 'x')); // alone, it may be larger
        auto reply = co_await redis.get("x");
        CHECK(reply->size() == 2000);
    });
}

TEST_CASE("redis: close() waits for what was accepted and takes no more", "[redis][close]") {
    const redis_server server;
    with_client(at(server), [&](redis::client& redis) -> awaitable<> {
        auto [first, closed, late] = co_await gather(
            redis.command<int>("ECHO", 1, nothrow), redis.close(nothrow), redis.ping(nothrow)
        );
        REQUIRE(first);
        CHECK(*first == 1);
        CHECK(closed);
        check_failure(late, condition::closed, phase::queue, "", outcome::not_sent, "the client is closed");
        co_await redis.close();
    });
    CHECK(server.clients().empty());
}
