#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// Sets what the request's path asks for, says which cookies it was sent, and leads elsewhere.
const std::string pages = R"(
    location = /set { add_header Set-Cookie "plain=1"; add_header Set-Cookie "hidden=2; HttpOnly; Path=/deep"; return 200 ok; }
    location = /secure { add_header Set-Cookie "safe=3; Secure"; return 200 ok; }
    location = /later { add_header Set-Cookie "long=4; Max-Age=3600"; return 200 ok; }
    location = /forget { add_header Set-Cookie "plain=; Max-Age=0"; return 200 ok; }
    location = /hop { add_header Set-Cookie "hop=5; Path=/"; return 302 /show; }
    location = /wide { add_header Set-Cookie "wide=6; Domain=$arg_domain; Path=/"; return 200 ok; }
    location = /away { return 302 $arg_to; }
    location /show { return 200 "$http_cookie"; }
    location /deep { return 200 "$http_cookie"; }
)";

nginx_options telling() {
    return nginx_options().server(pages);
}

http::client_options keeping() {
    return http::client_options().cookies(true);
}

// Cookies of equal rank come in no order that counts.
std::string sorted(const std::string& field) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < field.size();) {
        const auto end = std::min(field.find("; ", at), field.size());
        all.push_back(field.substr(at, end - at));
        at = end + 2;
    }
    std::sort(all.begin(), all.end());
    std::string text;
    for (const auto& one : all)
        text += (text.empty() ? "" : "; ") + one;
    return text;
}

std::vector<std::string> names(const http::client& http) {
    std::vector<std::string> all;
    for (const auto& c : http.cookies())
        all.push_back(c.name);
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace

TEST_CASE("cookies: none are kept unless asked for", "[http][cookie]") {
    nginx server(telling());
    with_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/set"));
        page = co_await http.get(server.url("/show"));
        CHECK(page.body().empty());
        CHECK(http.cookies().empty());
        http.clear_cookies();
    });
}

TEST_CASE("cookies: kept and sent to where they belong", "[http][cookie]") {
    nginx server(telling());
    with_client(keeping(), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/set"));
        page = co_await http.get(server.url("/show"));
        CHECK(page.body() == "plain=1");
        page = co_await http.get(server.url("/deep"));
        CHECK(sorted(page.body()) == "hidden=2; plain=1");
        page = co_await http.get(server.url("/later"));
        auto all = http.cookies();
        std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
        REQUIRE(all.size() == 3);
        CHECK(all[0].name == "hidden");
        CHECK(all[0].value == "2");
        CHECK(all[0].path == "/deep");
        CHECK(all[0].http_only);
        CHECK(all[0].domain == "127.0.0.1");
        CHECK_FALSE(all[0].and_below);
        CHECK_FALSE(all[0].expires);
        REQUIRE(all[1].expires);
        CHECK(*all[1].expires > std::chrono::system_clock::now() + 30min);
        CHECK_FALSE(all[2].http_only);
        page = co_await http.get(server.url("/forget"));
        CHECK(names(http) == std::vector<std::string>{"hidden", "long"});
        http.clear_cookies();
        CHECK(http.cookies().empty());
        page = co_await http.get(server.url("/deep"));
        CHECK(page.body().empty());
    });
}

TEST_CASE("cookies: of one client, whichever of its requests brought them", "[http][cookie]") {
    nginx server(telling());
    with_client(keeping(), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/set"));
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            std::vector<task<http::response>> all;
            for (int i = 0; i < 8; ++i) // each on a handle of its own
                all.push_back(tasks.spawn(http.get(server.url("/show"))));
            for (auto& one : all) {
                auto answer = co_await one.get();
                CHECK(answer.body() == "plain=1");
            }
        });
        http::client other(co_await this_coro::executor, keeping());
        page = co_await other.get(server.url("/show"));
        CHECK(page.body().empty());
        co_await other.close();
        co_await http.close(); // whose connections end, not its cookies
        CHECK(names(http) == std::vector<std::string>{"hidden", "plain"});
    });
}

TEST_CASE("cookies: those of a redirect count", "[http][cookie][redirect]") {
    nginx server(telling());
    with_client(keeping(), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/hop"));
        CHECK(page.body() == "hop=5");
    });
}

TEST_CASE("cookies: no other host gets them", "[http][cookie][redirect][security]") {
    nginx server(telling());
    tcp_server other(
        script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").repeat(),
        tcp_server_options().at("127.0.0.2", 0)
    );
    with_client(keeping(), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/set"));
        // by a redirect, with a field of the request's own besides, and directly on the same handle
        const auto options = http::request_options().header("Cookie", "own=s3cret");
        page = co_await http.get(server.url("/away?to=" + other.url()), options);
        CHECK(page.body() == "ok");
        page = co_await http.get(other.url());
        CHECK(page.body() == "ok");
    });
    REQUIRE(other.requests().size() == 2);
    for (const auto& request : other.requests())
        CHECK(request.bytes.find("ookie") == std::string::npos);
}

TEST_CASE("cookies: secure ones go over https only", "[http][cookie][tls][security]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(telling().tls(authority.issue("server")));
    const std::string plain = "http://localhost:" + std::to_string(server.port());
    const auto options = keeping().trust_file(authority.certificate().string());
    with_client(options, [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.tls_url("/secure"));
        page = co_await http.get(server.tls_url("/show"));
        CHECK(page.body() == "safe=3");
        CHECK(http.cookies().at(0).secure);
        tcp_server other(http_answers("ok"));
        page = co_await http.get("http://127.0.0.1:" + std::to_string(server.port()) + "/show");
        CHECK(page.body().empty());
    });
    // libcurl takes plain http to this machine for safe enough, but to no other name
    with_client(options, [&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop);
        dns.set("a.test", dns_reply().address("127.0.0.1", 300));
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()));
        http::client http(loop, keeping().resolve_with(names));
        const std::string url = "http://a.test:" + std::to_string(server.port());
        auto page = co_await http.get(url + "/secure"); // which plain http may not set
        CHECK(http.cookies().empty());
        co_await http.close();
    });
}

TEST_CASE("cookies: none for a public suffix, none of another's", "[http][cookie][security]") {
    nginx server(telling());
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop);
        for (const std::string host :
             {"a.example.co.uk", "b.example.co.uk", "evil.co.uk", "a.example.test", "other.test"})
            dns.set(host, dns_reply().address("127.0.0.1", 300));
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()));
        http::client http(loop, keeping().resolve_with(names));
        const auto at = [&](const std::string& host, const std::string& path) {
            return "http://" + host + ":" + std::to_string(server.port()) + path;
        };
        for (const auto& [host, domain] : std::vector<std::pair<std::string, std::string>>{
                 {"evil.co.uk", "co.uk"},
                 {"a.example.co.uk", "uk"},
                 {"a.example.co.uk", "evil.co.uk"},
                 {"other.test", "test"},
                 {"a.example.test", "other.test"}}) {
            INFO(host << " for " << domain);
            auto page = co_await http.get(at(host, "/wide?domain=" + domain));
            CHECK(page.body() == "ok");
            CHECK(http.cookies().empty());
        }
        auto page = co_await http.get(at("a.example.co.uk", "/wide?domain=example.co.uk"));
        REQUIRE(http.cookies().size() == 1);
        CHECK(http.cookies()[0].domain == "example.co.uk");
        CHECK(http.cookies()[0].and_below);
        page = co_await http.get(at("b.example.co.uk", "/show"));
        CHECK(page.body() == "wide=6");
        page = co_await http.get(at("evil.co.uk", "/show"));
        CHECK(page.body().empty());
        co_await http.close();
    });
}

TEST_CASE("cookies: beside a request's own, in one field, and of that request alone", "[http][cookie]") {
    tcp_server server(script()
                          .expect_request()
                          .send("HTTP/1.1 200 OK\r\nSet-Cookie: jar=1; Path=/\r\nContent-Length: 0\r\n\r\n")
                          .repeat());
    with_client(keeping(), [&](http::client& http) -> awaitable<> {
        const auto own = http::request_options().header("Cookie", "own=2").header("cookie", "too=3");
        auto page = co_await http.get(server.url(), own);
        page = co_await http.get(server.url(), own);
        page = co_await http.get(server.url());
    });
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    const auto cookies = [](const std::string& request) {
        const auto at = request.find("Cookie: ");
        CHECK(request.find("ookie: ", at + 8) == request.npos);
        return sorted(request.substr(at + 8, request.find("\r\n", at) - at - 8));
    };
    CHECK(cookies(requests[0].bytes) == "own=2; too=3");
    CHECK(cookies(requests[1].bytes) == "jar=1; own=2; too=3");
    CHECK(cookies(requests[2].bytes) == "jar=1");
}
