#include "http_client/target.hpp"

#include "http_client/kept_targets.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop;
using http::target;

TEST_CASE("target: what a URL says", "[target]") {
    const auto plain = target::parse("http://Example.org/a/b?c=d#e");
    REQUIRE(plain);
    CHECK(plain->host() == "example.org");
    CHECK(plain->port() == "80");
    CHECK_FALSE(plain->secure());
    CHECK(plain->shown() == "http://example.org/a/b?c=d");

    const auto secure = target::parse("https://[::1]:8443/");
    REQUIRE(secure);
    CHECK(secure->host() == "::1");
    CHECK(secure->port() == "8443");
    CHECK(secure->secure());
    CHECK(secure->literal() == boost::asio::ip::make_address("::1"));
    CHECK_FALSE(plain->literal());
    const auto mapped = target::parse("http://[::FFFF:7f00:1]/");
    REQUIRE(mapped);
    CHECK(mapped->literal() == boost::asio::ip::make_address("::ffff:127.0.0.1"));
    CHECK(secure->origin() == "https://::1:8443");
}

TEST_CASE("target: a URL is shown as it is asked for", "[target]") {
    const auto shown = [](const char* url) { return target::parse(url).value().shown(); };
    CHECK(shown("http://a.example") == "http://a.example/");
    CHECK(shown("HTTP://A.example:80/?") == "http://a.example:80/");
    CHECK(shown("https://a.example:443/b/../c?d=%20e?f#g") == "https://a.example:443/c?d=%20e?f");
    CHECK(shown("http://u:p@a.example:8080/?q") == "http://a.example:8080/?q");
    CHECK(shown("http://[fe80::1%25eth0]:81/x") == "http://[fe80::1%25eth0]:81/x");
    CHECK(shown("http://0x7f.1/\xc3\xa4") == "http://127.0.0.1/%C3%A4");
}

TEST_CASE("target: what a copy is given is its own", "[target]") {
    const auto first = target::parse("http://a.example/x").value();
    auto second = first;
    CHECK_FALSE(second.append_query("q=1").code());
    CHECK_FALSE(second.set_user({"u", "p"}, true).code());
    CHECK(second.shown() == "http://a.example/x?q=1");
    CHECK(first.shown() == "http://a.example/x");
    CHECK(first.handle() != second.handle());
}

TEST_CASE("target: a query that libcurl does not take is not left out", "[target]") {
    auto long_one = target::parse("http://a.example/x?before=1").value();
    const failure refused = long_one.append_query(std::string(8'000'000, 'q'));
    CHECK(refused == condition::argument);
    CHECK_THAT(refused.reason(), oneloop::testing::containing("8,000,000"));
    CHECK_FALSE(long_one.append_query(std::string(7'000'000, 'q')).code());
}

TEST_CASE("target: a password is never shown", "[target]") {
    const auto t = target::parse("http://user:s3cret@example.org/");
    REQUIRE(t);
    CHECK(t->shown() == "http://example.org/");
    for (const char* bad :
         {"http://user:s3cret@exa mple.org/", "http://user:s3cret@[/", "ftp://user:s3cret@example.org/"}) {
        const auto refused = target::parse(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message().find("s3cret") == std::string::npos);
    }
}

TEST_CASE("target: what is no http or https URL is refused with what to do", "[target]") {
    const auto refusal = [](const std::string& url) {
        const auto t = target::parse(url);
        REQUIRE_FALSE(t);
        CHECK(t.error() == condition::argument);
        CHECK(t.error().outcome() == outcome::not_sent);
        return t.error().message();
    };
    using oneloop::testing::containing;
    CHECK_THAT(refusal("example.org/x"), containing("http://"));
    CHECK_THAT(refusal(""), containing("http://"));
    CHECK_THAT(refusal("file:///etc/passwd"), containing("only http and https"));
    CHECK_THAT(refusal("gopher://x/"), containing("only http and https"));
    CHECK_THAT(refusal("http://"), containing("invalid URL"));
    CHECK_THAT(refusal("http://a:99999/"), containing("invalid URL"));
    CHECK_THAT(refusal("http://a/b c\x1b"), containing("GET http://a/b%20c%1B: "));
    CHECK_THAT(refusal("http://a/b c"), containing("percent-encode"));
    CHECK_THAT(refusal("http://a/\r\nX: y"), containing("percent-encode"));
    // Other parsers take the backslash for a slash, libcurl goes to 127.0.0.2
    CHECK_THAT(refusal("http://127.0.0.1\\@127.0.0.2/x"), containing("backslash"));
    CHECK_THAT(refusal(std::string("http://a/\0b", 11)), containing("control"));
}

TEST_CASE("target: those kept are the ones asked for, and none with a password", "[target]") {
    http::kept_targets kept;
    const auto url = [](std::size_t i) { return "http://a.example/" + std::to_string(i); };
    for (std::size_t i = 0; i < 2 * http::kept_targets::places; ++i) {
        CHECK(kept.find(url(i)) == nullptr);
        kept.keep(url(i), target::parse(url(i)).value());
        const target* known = kept.find(url(i));
        REQUIRE(known != nullptr);
        CHECK(known->shown() == url(i));
    }
    std::size_t still = 0;
    for (std::size_t i = 0; i < 2 * http::kept_targets::places; ++i)
        if (const target* known = kept.find(url(i))) {
            CHECK(known->shown() == url(i));
            ++still;
        }
    CHECK(still <= http::kept_targets::places);

    for (const std::string& not_kept :
         {std::string("http://user:s3cret@a.example/"), "http://a.example/" + std::string(300, 'x')}) {
        kept.keep(not_kept, target::parse(not_kept).value());
        CHECK(kept.find(not_kept) == nullptr);
    }
}
