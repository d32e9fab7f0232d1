#include "http_client/proxy_route.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop;
using http::proxy_route;
using http::target;

namespace {

bool leads(const proxy_route& route, const std::string& url) {
    return route.leads_to(target::parse(url).value());
}

std::string refusal(const std::string& url, const std::string& direct = {}) {
    try {
        proxy_route route(url, direct);
    } catch (const error& e) {
        CHECK(e.code() == condition::argument);
        return e.what();
    }
    FAIL("taken: " << url);
    return {};
}

} // namespace

TEST_CASE("proxy: what its URL says", "[proxy]") {
    const proxy_route plain("http://user:pa%40ss@Proxy.Example:3128", "");
    CHECK(plain.host() == "proxy.example");
    CHECK(plain.port() == "3128");
    CHECK(plain.shown() == "http://proxy.example:3128");
    CHECK_FALSE(plain.literal());
    CHECK_FALSE(plain.secure());
    CHECK(proxy_route("http://p", "").port() == "80");
    CHECK(proxy_route("https://p/", "").port() == "443");
    CHECK(proxy_route("https://p", "").secure());
    CHECK(proxy_route("socks5://p", "").port() == "1080");
    CHECK(proxy_route("socks5://p", "").shown() == "socks5h://p:1080"); // names are for the proxy
    CHECK(proxy_route("socks5h://p:1", "").is_socks());
    const proxy_route v6("http://[::1]:8080", "");
    CHECK(v6.host() == "::1");
    CHECK(v6.literal());
    CHECK(v6.shown() == "http://[::1]:8080");
    CHECK_FALSE(proxy_route("", ""));
    CHECK_FALSE(leads(proxy_route("", ""), "http://a/"));
}

TEST_CASE("proxy: what is no URL of one, without its secrets", "[proxy][security]") {
    using oneloop::testing::containing;
    CHECK_THAT(refusal("proxy.example:3128"), containing("is no URL"));
    CHECK_THAT(refusal("ftp://p:1"), containing("http, https, socks5 or socks5h"));
    CHECK_THAT(refusal("socks4://p:1"), containing("socks5"));
    CHECK_THAT(refusal("http://p:1/path"), containing("ends after the port"));
    CHECK_THAT(refusal("http://p:1?x"), containing("ends after the port"));
    CHECK_THAT(refusal("http://u:x@b\u00fccher:1"), containing("host"));
    for (const std::string bad :
         {"http://user:s3cret@ p:1", "http://user:s3cret@p:99999", "http://user:s3cret@p:1\r\nX: y",
          "http://user:s3cret@\\p", "gopher://user:s3cret@p", "http://us%3aer:s3cret@p:1"}) {
        INFO(bad);
        CHECK(refusal(bad).find("s3cret") == std::string::npos);
    }
    CHECK_THAT(refusal(std::string("http://a\0b", 10)), containing("is no URL"));
    CHECK_THAT(refusal("http://p:1", "a b"), containing("no_proxy"));
    CHECK_THAT(refusal("http://p:1", "10.0.0.0/99"), containing("no_proxy"));
}

TEST_CASE("proxy: who is asked directly", "[proxy]") {
    const proxy_route route(
        "http://p:1", "localhost, .example.org,Intern.test.,10.0.0.0/8,192.168.1.7,fd00::/8,[::1]"
    );
    for (const std::string direct :
         {"http://localhost/", "http://LOCALHOST./", "http://example.org/", "http://a.b.example.org:8080/",
          "https://intern.test/", "http://10.1.2.3/", "http://0xa.1/", "http://192.168.1.7/",
          "http://[fd12::1]/", "http://[::1]/"}) {
        INFO(direct);
        CHECK_FALSE(leads(route, direct));
    }
    for (const std::string far :
         {"http://notexample.org/", "http://example.org.evil.test/", "http://11.0.0.1/",
          "http://192.168.1.70/", "http://[fe80::1]/", "http://10.example/", "http://org/"}) {
        INFO(far);
        CHECK(leads(route, far));
    }
    CHECK_FALSE(leads(proxy_route("http://p:1", "a, *"), "http://b/"));
    CHECK(leads(proxy_route("http://p:1", " ,, "), "http://b/"));
}
