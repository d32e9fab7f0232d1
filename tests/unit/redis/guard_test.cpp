#include "redis/guard.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop::redis;
using oneloop::testing::containing;

namespace {

request command(std::initializer_list<std::string_view> words) {
    request r(*words.begin());
    for (auto word = words.begin() + 1; word != words.end(); ++word)
        r.arg(*word);
    return r;
}

std::string lower(std::string s) {
    for (char& c : s)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return s;
}

bool pristine_after(std::initializer_list<request> commands) {
    session_state s;
    for (const auto& c : commands)
        s.sent(c);
    return s.pristine();
}

const request MULTI("MULTI"), EXEC("exec"), DISCARD("Discard"), WATCH = command({"WATCH", "key"}),
                                                                UNWATCH("UNWATCH");

} // namespace

TEST_CASE("guard: what no connection survives is refused everywhere", "[redis][guard]") {
    for (const char* name :
         {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR",
          "PMONITOR", "SYNC", "PSYNC", "REPLCONF", "HELLO", "RESET", "QUIT"})
        for (const std::string& spelt : {std::string(name), lower(name)})
            for (const usage how : {usage::shared, usage::lent}) {
                INFO(spelt);
                CHECK_THAT(
                    refuse(command({spelt, "x"}), how),
                    containing(name + std::string(" cannot be sent as a command"))
                );
            }
}

TEST_CASE("guard: what changes the connection needs one of its own", "[redis][guard]") {
    for (const char* name :
         {"AUTH", "SELECT", "CLIENT", "READONLY", "READWRITE", "ASKING", "MULTI", "EXEC", "DISCARD", "WATCH",
          "UNWATCH"})
        for (const std::string& spelt : {std::string(name), lower(name)}) {
            INFO(spelt);
            const request r = command({spelt, "SETNAME"});
            CHECK_THAT(
                refuse(r, usage::shared),
                containing(name + std::string(" would change the connection for everybody"))
            );
            CHECK(refuse(r, usage::lent) == "");
        }
    CHECK_THAT(refuse(command({"SELECT", "1"}), usage::shared), containing("redis::options"));
    CHECK_THAT(refuse(MULTI, usage::shared), containing("redis::pool"));
}

TEST_CASE("guard: what keeps everybody waiting needs a connection of its own", "[redis][guard]") {
    for (const char* name :
         {"BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT",
          "WAITAOF"})
        for (const std::string& spelt : {std::string(name), lower(name)}) {
            INFO(spelt);
            CHECK_THAT(
                refuse(command({spelt, "x", "0"}), usage::shared), containing("would keep everybody else")
            );
            CHECK(refuse(command({spelt, "x", "0"}), usage::lent) == "");
        }
    for (const char* name : {"XREAD", "xreadgroup"}) {
        CHECK(refuse(command({name, "STREAMS", "s", "0"}), usage::shared) == "");
        CHECK_THAT(
            refuse(command({name, "block", "0", "STREAMS", "s", "$"}), usage::shared), containing("waiting")
        );
        CHECK(refuse(command({name, "BLOCK", "0", "STREAMS", "s", "$"}), usage::lent) == "");
    }
}

TEST_CASE("guard: CLIENT may look, and may never change who is answered", "[redis][guard]") {
    for (const char* word : {"ID", "info", "LIST", "GETNAME", "GETREDIR", "TRACKINGINFO", "HELP", "KILL"})
        CHECK(refuse(command({"CLIENT", word}), usage::shared) == "");
    for (const char* word : {"REPLY", "reply"})
        for (const usage how : {usage::shared, usage::lent})
            CHECK_THAT(refuse(command({"client", word, "SKIP"}), how), containing("another's answers"));
    CHECK(refuse(command({"CLIENT"}), usage::shared) != "");
    CHECK(refuse(command({"CLIENT", "PAUSE", "1"}), usage::shared) != "");
}

TEST_CASE("guard: a name is one word", "[redis][guard]") {
    for (const char* name : {"CONFIG GET", "GET\tx", "GET\r\n", "SET\nx", " GET"})
        for (const usage how : {usage::shared, usage::lent})
            CHECK_THAT(refuse(request(name), how), containing("one word"));
    CHECK_THAT(refuse(request(""), usage::lent), containing("empty"));
}

TEST_CASE("guard: everything else may go", "[redis][guard]") {
    for (const char* name :
         {"GET", "set", "EVAL", "CONFIG", "PING", "INFO", "SUBSCRIBED", "MULT", "BLPO", "PUBLISH"})
        for (const usage how : {usage::shared, usage::lent})
            CHECK(refuse(command({name, "BLOCK", "REPLY"}), how) == "");
}

TEST_CASE("session: a transaction that has ended leaves nothing", "[redis][guard]") {
    const request get = command({"GET", "x"});
    CHECK(pristine_after({}));
    CHECK(pristine_after({get}));
    CHECK_FALSE(pristine_after({MULTI}));
    CHECK_FALSE(pristine_after({MULTI, get}));
    CHECK(pristine_after({MULTI, get, EXEC}));
    CHECK(pristine_after({MULTI, get, DISCARD}));
    CHECK_FALSE(pristine_after({MULTI, EXEC, MULTI}));
}

TEST_CASE("session: watched keys", "[redis][guard]") {
    CHECK_FALSE(pristine_after({WATCH}));
    CHECK(pristine_after({WATCH, UNWATCH}));
    CHECK(pristine_after({WATCH, MULTI, EXEC}));
    CHECK(pristine_after({WATCH, MULTI, DISCARD}));
    // inside of a transaction UNWATCH is only queued
    CHECK_FALSE(pristine_after({WATCH, MULTI, UNWATCH}));
    CHECK(pristine_after({WATCH, MULTI, UNWATCH, EXEC}));
    CHECK_FALSE(pristine_after({MULTI, UNWATCH}));
}

TEST_CASE("session: what cannot be brought back", "[redis][guard]") {
    for (const auto& changes :
         {command({"SELECT", "1"}), command({"auth", "x"}), command({"CLIENT", "SETNAME", "x"}),
          command({"CLIENT"}), request("READONLY"), request("ASKING")}) {
        CHECK_FALSE(pristine_after({changes}));
        CHECK_FALSE(pristine_after({changes, MULTI, EXEC}));
    }
    CHECK(pristine_after({command({"CLIENT", "id"})}));
}

TEST_CASE("shown: a command for a message, without secrets", "[redis][guard]") {
    CHECK(shown(command({"GET", "car"})) == "GET car");
    CHECK(shown(command({"SET", "car", "hunter2"})) == "SET car");
    CHECK(shown(request("PING")) == "PING");
    CHECK(shown(command({"get", "a\r\nb\xff"})) == "get a??b\xff");
    CHECK(shown(command({"GET", std::string(41, 'k')})) == "GET " + std::string(40, 'k') + "...");
    for (const char* name :
         {"AUTH", "HELLO", "ACL", "CONFIG", "MIGRATE", "EVAL", "EVAL_RO", "SCRIPT", "FUNCTION", "ECHO",
          "CLIENT", "auth", "eval"})
        CHECK(shown(command({name, "hunter2", "hunter2"})) == name);
    // A whole command in the place of its name
    CHECK(shown(request("AUTH hunter2")) == "AUTH");
    CHECK(shown(command({"auth\tme", "hunter2"})) == "auth");
    CHECK(shown(command({"CONFIG SET requirepass", "hunter2"})) == "CONFIG");
    CHECK_THAT(shown(request("SET key hunter2")), !containing("hunter2"));
}
