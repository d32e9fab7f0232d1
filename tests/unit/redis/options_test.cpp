#include "tests/support/catch.hpp"
#include <oneloop/redis/client.hpp>
#include <oneloop/redis/pool.hpp>

#include <boost/asio/io_context.hpp>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

// What is said when a client and a pool are made of these options; both say the same.
std::string refusal(const redis::options& o) {
    boost::asio::io_context loop;
    std::string by_client, by_pool;
    try {
        redis::client c(loop.get_executor(), o);
    } catch (const error& why) {
        CHECK(why.code() == condition::argument);
        by_client = why.what();
    }
    try {
        redis::pool p(loop.get_executor(), o);
    } catch (const error& why) {
        by_pool = why.what();
    }
    CHECK(by_client == by_pool);
    return by_client;
}

std::string url_refusal(std::string_view url) {
    try {
        const auto o = redis::options::from_url(url);
    } catch (const error& why) {
        CHECK(why.code() == condition::argument);
        return why.what();
    }
    return "";
}

} // namespace

TEST_CASE("redis options: what is there by itself is fine", "[redis][options]") {
    CHECK(refusal(redis::options()) == "");
    CHECK(refusal(redis::options().host("::1").user("me").password("secret").database(3)) == "");
    CHECK(refusal(redis::options().unix_socket("/run/" + std::string(102, 'x'))) == "");
    CHECK(
        refusal(redis::options().host("not a name").unix_socket("/run/x")) == ""
    ); // the path is in its place
}

TEST_CASE("redis options: what cannot be is refused before anything is tried", "[redis][options]") {
    for (const std::string& host :
         {std::string(), std::string("two words"), std::string("a\0b", 3), std::string("h\r\n"),
          std::string(300, 'x')}) {
        INFO(host);
        CHECK_THAT(refusal(redis::options().host(host)), containing("the host: "));
    }
    CHECK_THAT(refusal(redis::options().port(0)), containing("the port is 0"));
    CHECK_THAT(
        refusal(redis::options().unix_socket("/run/" + std::string(103, 'x'))), containing("107 bytes")
    );
    CHECK_THAT(refusal(redis::options().unix_socket(std::string("/run\0x", 6))), containing("NUL"));
    CHECK_THAT(refusal(redis::options().user("me")), containing("a user without a password"));
    CHECK_THAT(
        refusal(redis::options().user("me").unix_socket("/run/x")), containing("a user without a password")
    );
    CHECK_THAT(refusal(redis::options().port(0).password("hunter2")), !containing("hunter2"));
}

TEST_CASE("redis options: from a URL", "[redis][options]") {
    for (const char* url :
         {"redis://h", "redis://h/", "redis://h:1/0", "redis://:pw@h/15",
          "redis://me:pw@[::1]:6380/4294967295", "unix:///run/redis.sock"}) {
        INFO(url);
        CHECK(url_refusal(url) == "");
        CHECK(refusal(redis::options::from_url(url)) == "");
    }
    CHECK_THAT(refusal(redis::options::from_url("redis://me@h")), containing("a user without a password"));
    for (const char* url :
         {"redis://me:hunter2@h/x", "redis://me:hunter2@h/-1", "redis://me:hunter2@h/+1",
          "redis://me:hunter2@h/1x", "redis://me:hunter2@h/4294967296", "redis://me:hunter2@h/%20"})
        CHECK_THAT(url_refusal(url), containing("the number of a database") && !containing("hunter2"));
    for (const char* url :
         {"unix://", "unix://run/redis.sock", "unix://me:hunter2@/run/redis.sock",
          "unix:///run/redis.sock?password=hunter2", "unix:///run/redis.sock#1", "unix:///run/a%20b"})
        CHECK_THAT(url_refusal(url), containing("absolute path") && !containing("hunter2"));
    CHECK(url_refusal("rediss://h") != "");
    CHECK(url_refusal("") != "");
}
