#include "core/server_url.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop;
using namespace oneloop::testing;

namespace {

// What is said about a URL that is refused.
std::string refusal(std::string_view url) {
    try {
        server_url parts("redis", url);
    } catch (const error& why) {
        CHECK(why.code() == condition::argument);
        return why.what();
    }
    return "";
}

} // namespace

TEST_CASE("a server's URL: all of its parts", "[server_url]") {
    const server_url all("redis", "redis://me:secret@db.example.org:6380/7");
    CHECK(all.user == "me");
    CHECK(all.password == "secret");
    CHECK(all.host == "db.example.org");
    CHECK(all.port == 6380);
    CHECK(all.path == "7");
}

TEST_CASE("a server's URL: each part but the host may be missing", "[server_url]") {
    const server_url host("mysql", "mysql://h");
    CHECK(host.host == "h");
    CHECK_FALSE(host.user);
    CHECK_FALSE(host.password);
    CHECK_FALSE(host.port);
    CHECK_FALSE(host.path);
    const server_url slash("mysql", "mysql://h/");
    CHECK(slash.path == "");
    const server_url user("mysql", "mysql://me@h");
    CHECK(user.user == "me");
    CHECK_FALSE(user.password);
    const server_url password("mysql", "mysql://:secret@h");
    CHECK(password.user == "");
    CHECK(password.password == "secret");
    const server_url both_empty("mysql", "mysql://:@h");
    CHECK(both_empty.user == "");
    CHECK(both_empty.password == "");
}

TEST_CASE("a server's URL: percent signs stand for bytes", "[server_url]") {
    const server_url u("redis", "redis://a%40b:p%3a%2F%25%00%fF@h%6fst/d%2Fb");
    CHECK(u.user == "a@b");
    CHECK(u.password == std::string("p:/%\0\xff", 6));
    CHECK(u.host == "host");
    CHECK(u.path == "d/b");
    for (const char* bad :
         {"redis://me:hunter%@h", "redis://me:hunter%4@h", "redis://me:hunter%zz@h", "redis://me:hunter%+1@h",
          "redis://me:hunter% 1@h", "redis://me:hunter%-1@h", "redis://me:hunter%4g@h"}) {
        INFO(bad);
        CHECK_THAT(refusal(bad), containing("two hexadecimal digits"));
        CHECK_THAT(refusal(bad), containing("in the password"));
    }
}

TEST_CASE("a server's URL: addresses", "[server_url]") {
    const server_url six("redis", "redis://[::1]:6380/1");
    CHECK(six.host == "::1");
    CHECK(six.port == 6380);
    const server_url bare("redis", "redis://me:x@[2001:db8::5]");
    CHECK(bare.host == "2001:db8::5");
    CHECK_FALSE(bare.port);
    const server_url four("redis", "redis://192.0.2.1:1");
    CHECK(four.host == "192.0.2.1");
    CHECK(four.port == 1);
}

TEST_CASE("a server's URL: what is no such URL is refused, and the password is never shown", "[server_url]") {
    for (const char* bad : {
             "",
             "hunter2",
             "redis:/hunter2",
             "rediss://me:hunter2@h",
             "REDIS://me:hunter2@h",
             " redis://me:hunter2@h",
             "redis://",
             "redis://me:hunter2@",
             "redis://me:hunter2@:6379",
             "redis://me:hunter2@/1",
             "redis://me:hunter2@h:",
             "redis://me:hunter2@h:0",
             "redis://me:hunter2@h:65536",
             "redis://me:hunter2@h:-1",
             "redis://me:hunter2@h:+1",
             "redis://me:hunter2@h:6379x",
             "redis://me:hunter2@h:63 79",
             "redis://me:hunter2@h/1/2",
             "redis://me:hunter2@h?db=1",
             "redis://me:hunter2@h#1",
             "redis://me:hunter2?x@h",
             "redis://me:hunter2@x@h",
             "redis://me:hunter2/x@h",
             "redis://me:hunter2@[::1",
             "redis://me:hunter2@[::1]6379",
             "redis://me:hunter2@[]",
             "redis://me:hunter2@::1",
             "redis://me:hunter2@two words",
             "redis://me:hunter2@h%00",
             "redis://me:hunter2@h%0d%0a",
             "redis://me:hunter2@h%",
         }) {
        INFO(bad);
        const std::string told = refusal(bad);
        CHECK_FALSE(told.empty());
        CHECK_THAT(told, !containing("hunter2"));
    }
}
