#include "mysql/option_check.hpp"
#include "tests/support/catch.hpp"

#include <random>

using namespace oneloop;
using namespace oneloop::mysql;
using oneloop::testing::containing;

namespace {

std::string refusal(const std::string& url) {
    try {
        options::from_url(url);
    } catch (const error& e) {
        CHECK(e.code() == condition::argument);
        return e.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("mysql options: a URL", "[mysql]") {
    const auto all = options::from_url("mysql://us%40er:p%3Aa%2Fss%25@db.example.org:3307/my%20db");
    CHECK(all.user() == "us@er");
    CHECK(all.password() == "p:a/ss%");
    CHECK(all.host() == "db.example.org");
    CHECK(all.port() == 3307);
    CHECK(all.database() == "my db");

    const auto least = options::from_url("mysql://localhost");
    CHECK(least.host() == "localhost");
    CHECK(least.port() == 3306);
    CHECK(least.user() == "");
    CHECK(least.database() == "");

    const auto colons = options::from_url("mysql://user:pass:word@[::1]:3308/");
    CHECK(colons.password() == "pass:word");
    CHECK(colons.host() == "::1");
    CHECK(colons.port() == 3308);
}

TEST_CASE("mysql options: URLs that are refused, and never show the password", "[mysql]") {
    const char* const bad[] = {
        "",
        "mysql:",
        "http://user:hunter2@host/db",
        "mysql://user:hunter2@/db",
        "mysql://user:hunter2@host:0/db",
        "mysql://user:hunter2@host:65536/db",
        "mysql://user:hunter2@host:/db",
        "mysql://user:hunter2@host:3306x/db",
        "mysql://user:hunter2@host/a/b",
        "mysql://user:hunter2@host/db?ssl=0",
        "mysql://user:hunter2@host/db#f",
        "mysql://user:hunter2@[::1/db",
        "mysql://user:hunter2@[::1]x/db",
        "mysql://user:hunter2%@host/db",
        "mysql://user:hunter2%4@host/db",
        "mysql://user:hunter2%zz@host/db",
        "mysql://user:hunter2@host@host/db",
        "mysql://user:hunter2@a=b;c=d/db",
        "mysql://user:hunter2@host1,host2/db",
        "mysql://user:hunter2@h%2fst/db",
        "mysql://user:hunter2@fe80::1/db",
        "mysql://user:hunter2@[fe80::1%25lo]/db",
    };
    for (const std::string url : bad) {
        const std::string what = refusal(url);
        INFO(url << " -> " << what);
        CHECK_THAT(what, containing("a mysql:// URL: "));
        CHECK(what.find("hunter2") == std::string::npos);
    }
}

TEST_CASE("mysql options: what is wrong with a URL, in words that help", "[mysql]") {
    CHECK_THAT(refusal("http://host"), containing("it does not begin with mysql://"));
    CHECK_THAT(refusal("mysql://user:p@ss@host"), containing("more than one '@'"));
    CHECK_THAT(refusal("mysql://host/a/b"), containing("more than one '/' behind the host"));
    CHECK_THAT(refusal("mysql://host/db?ssl=0"), containing("behind '?' or '#' is not understood"));
    CHECK_THAT(refusal("mysql://host:0"), containing("the port is not a number from 1 to 65535"));
    CHECK_THAT(refusal("mysql://us%er@host"), containing("in the user; '%' itself is %25"));
    CHECK_THAT(refusal("mysql:///db"), containing("the name of the host is missing"));
}

TEST_CASE("mysql options: whatever a URL is, it is read or refused", "[mysql]") {
    std::minstd_rand chance(4711);
    const std::string letters = "mysql://:/@[]%41?#.,;=\\ \n\xff";
    std::size_t accepted = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string url = "mysql://";
        for (auto n = chance() % 12; n > 0; --n)
            url += letters[chance() % letters.size()];
        try {
            const auto o = options::from_url(url);
            CHECK(refuse_host(o.host()) == nullptr);
            ++accepted;
        } catch (const error& e) {
            if (!(e.code() == condition::argument))
                throw;
        }
    }
    CHECK(accepted > 0);
}

TEST_CASE("mysql options: a host is an address or a name, and no code", "[mysql]") {
    for (const std::string good :
         {"127.0.0.1", "::1", "localhost", "db-1.example.org", "xn--bcher-kva.example"})
        CHECK(refuse_host(good) == nullptr);
    for (const std::string bad :
         {"", "a=b;c=d", "host=evil", "x://y", "a,b", "a b", "fe80::1%lo", "a/b", "[::1]",
          "bücher.example"}) {
        INFO(bad);
        CHECK(refuse_host(bad) != nullptr);
    }
}

TEST_CASE("mysql options: what cannot be tried is told before anything is", "[mysql]") {
    const auto good = options().user("u").password("hunter2").database("d");
    CHECK_FALSE(check(good).code());
    const std::string nul("a\0b", 3);
    for (const auto& bad :
         {options(good).user(""), options(good).user(nul), options(good).password(nul),
          options(good).database(nul), options(good).host(nul), options(good).unix_socket(nul),
          options(good).port(0), options(good).host("a,b"), options(good).tls(tls_options().trust_file(nul)),
          options(good).unix_socket("/s").tls()}) {
        const failure f = check(bad);
        CHECK(f == condition::argument);
        CHECK_THAT(f.message(), containing("connect mysql://"));
        CHECK(f.message().find("hunter2") == std::string::npos);
    }
    CHECK(connecting_to(good) == "connect mysql://u@127.0.0.1:3306/d");
    CHECK(connecting_to(options(good).unix_socket("/run/s")) == "connect mysql://u@/run/s/d");
}
