#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

std::string to(const std::string& where, int status = 302, const std::string& body = "elsewhere") {
    return "HTTP/1.1 " + std::to_string(status) + " Found\r\nLocation: " + where +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

} // namespace

TEST_CASE("redirect: followed, the chain told, the connection used again", "[http][redirect]") {
    tcp_server server(script()
                          .expect_request()
                          .send(to("/b?x=1"))
                          .expect_request()
                          .send(to("c", 307))
                          .expect_request()
                          .send(ok));
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/a/1"));
        CHECK(page.body() == "ok");
        CHECK(page.url() == server.url("/c"));
        CHECK(page.redirected_from() == std::vector<std::string>{server.url("/a/1"), server.url("/b?x=1")});
        CHECK(server.connections() == 1);
        CHECK(http.stats().completed == 1);
    });
}

TEST_CASE("redirect: not followed where nobody wants it", "[http][redirect]") {
    tcp_server server(script().expect_request().send(to("/b")).repeat());
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url(), http::request_options().max_redirects(0));
        CHECK(page.status() == 302);
        CHECK(page.body() == "elsewhere");
        CHECK(page.redirected_from().empty());
    });
    tcp_server nowhere(script().expect_request().send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"));
    tcp_server choices(
        script().expect_request().send("HTTP/1.1 300 Choices\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
    );
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(nowhere.url());
        CHECK(page.status() == 302);
        page = co_await http.get(choices.url());
        CHECK(page.status() == 300);
    });
}

TEST_CASE("redirect: a loop ends at the limit", "[http][redirect][fault]") {
    tcp_server server(script().expect_request().send(to("/again")).repeat());
    with_working_client(http::client_options().max_redirects(3), [&](http::client& http) -> awaitable<> {
        auto lost = co_await http.get(server.url(), nothrow);
        check_failure(lost, condition::limit, phase::receive, "max_redirects 3", outcome::answered);
        CHECK(server.requests().size() == 4);
    });
}

TEST_CASE("redirect: the method, by the standard", "[http][redirect]") {
    struct row {
        int status;
        std::string method, becomes;
    };
    for (const auto& [status, method, becomes] : std::vector<row>{
             {301, "POST", "GET"},
             {302, "POST", "GET"},
             {303, "POST", "GET"},
             {307, "POST", "POST"},
             {308, "POST", "POST"},
             {301, "PUT", "PUT"},
             {303, "PUT", "GET"},
             {303, "HEAD", "HEAD"},
             {302, "DELETE", "DELETE"},
             {303, "DELETE", "GET"}}) {
        INFO(status << " " << method);
        tcp_server server(script().expect_request().send(to("/b", status, "")).expect_request().send(ok));
        with_working_client([&, method = method, becomes = becomes](http::client& http) -> awaitable<> {
            http::request what(method, server.url("/a"));
            what.header("Content-Language", "de");
            const bool with_body = method == "POST" || method == "PUT";
            if (with_body)
                what.body(http::body("")); // whose end is the head's
            auto page = co_await http.send(what);
            CHECK(page.status() == 200);
            CHECK(page.method() == becomes);
            const auto second = server.requests().at(1).bytes;
            CHECK(second.starts_with(becomes + " /b "));
            CHECK((second.find("Content-Language") != second.npos) == (becomes == method));
            CHECK((second.find("Content-Type") != second.npos) == (with_body && becomes == method));
        });
    }
}

TEST_CASE("redirect: secrets stay with their origin", "[http][redirect][security]") {
    tcp_server other(script().expect_request().send(ok).repeat());
    tcp_server server(script().expect_request().send(to(other.url("/x"))));
    auto options = http::client_options().header("X-Api-Key", "of the client");
    with_working_client(options, [&](http::client& http) -> awaitable<> {
        auto request = http::request_options()
                           .header("Cookie", "id=1")
                           .header("X-Token", "secret")
                           .header("Accept", "text/html")
                           .basic_auth("ada", "secret");
        auto page = co_await http.get(server.url(), request);
        CHECK(page.body() == "ok");
        const auto first = server.requests().at(0).bytes, second = other.requests().at(0).bytes;
        for (const char* name : {"Cookie:", "X-Token:", "Authorization:", "X-Api-Key:"}) {
            INFO(name);
            CHECK(first.find(name) != first.npos);
            CHECK(second.find(name) == second.npos);
        }
        CHECK_THAT(second, containing("Accept: text/html\r\n"));
        CHECK_THAT(second, containing("User-Agent: oneloop/"));
    });
}

TEST_CASE("redirect: a way back does not bring the secrets back", "[http][redirect][security]") {
    tcp_server* home = nullptr;
    std::string back;
    tcp_server other([&](std::size_t) { return script().expect_request().send(to(back)); });
    tcp_server server(script().expect_request().send(to(other.url())).expect_request().send(ok));
    back = server.url("/back");
    home = &server;
    with_working_client([&](http::client& http) -> awaitable<> {
        auto request = http::request_options().bearer("secret");
        auto page = co_await http.get(server.url(), request);
        CHECK(page.body() == "ok");
        CHECK(home->requests().at(1).bytes.find("Authorization") == std::string::npos);
    });
}

TEST_CASE("redirect: a user name of the URL stays with its origin too", "[http][redirect][security]") {
    tcp_server other(script().expect_request().send(ok).repeat());
    tcp_server server(script().expect_request().send(to("/b")).expect_request().send(to(other.url())));
    with_working_client([&](http::client& http) -> awaitable<> {
        const std::string url = server.url("/a");
        auto page = co_await http.get("http://ada:secret@" + url.substr(7));
        CHECK(page.body() == "ok");
        CHECK_THAT(server.requests().at(1).bytes, containing("Authorization: Basic"));
        CHECK(other.requests().at(0).bytes.find("Authorization") == std::string::npos);
        CHECK(page.redirected_from().front() == url);
    });
    // Nor is one used that a server names
    tcp_server names(script().expect_request().send(to("http://eve:x@" + other.url("/y").substr(7))));
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(names.url());
        CHECK(page.body() == "ok");
        CHECK(other.requests().at(1).bytes.find("Authorization") == std::string::npos);
    });
}

TEST_CASE("redirect: to other schemes, and to nonsense, is refused", "[http][redirect][security]") {
    for (const std::string where :
         {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "javascript:alert(1)", "http://",
          "http://a\\@b/", "http://[::1/"}) {
        INFO(where);
        tcp_server server(script().expect_request().send(to(where)));
        with_working_client([&](http::client& http) -> awaitable<> {
            auto refused = co_await http.get(server.url(), nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == condition::protocol);
            CHECK(refused.error().outcome() == outcome::answered);
            auto next = co_await http.get("http://127.0.0.1:1/", nothrow);
            CHECK(next.error() == condition::network);
        });
    }
}

TEST_CASE("redirect: what servers write into Location is put right", "[http][redirect]") {
    tcp_server server(script().expect_request().send(to("/a b/\xc3\xbc?x= y#part")).expect_request().send(ok)
    );
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.body() == "ok");
        CHECK_THAT(server.requests().at(1).bytes, containing("GET /a%20b/%C3%BC?x=%20y HTTP/1.1\r\n"));
    });
}

TEST_CASE("redirect: from https to http only where it is allowed", "[http][redirect][security]") {
    temp_dir dir;
    certificate_authority authority(dir.path());
    const auto files = authority.issue("server");
    tcp_server plain(script().expect_request().send(ok).repeat());
    tcp_server secure(
        script().expect_request().send(to(plain.url())).repeat(),
        tcp_server_options().tls(files.certificate, files.key)
    );
    auto options = http::client_options().trust_file(authority.certificate().string());
    with_working_client(options, [&](http::client& http) -> awaitable<> {
        auto refused = co_await http.get(secure.url(), nothrow);
        REQUIRE(refused.has_error());
        CHECK(refused.error() == condition::forbidden);
        CHECK_THAT(refused.error().message(), containing("from https to http"));
        CHECK(plain.requests().empty());
    });
    with_working_client(options.allow_downgrade(true), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(secure.url());
        CHECK(page.body() == "ok");
    });
}

TEST_CASE("redirect: any certificate will do for the origin alone", "[http][redirect][security]") {
    temp_dir dir;
    certificate_authority nobody_knows(dir.path());
    const auto files = nobody_knows.issue("server");
    const auto tls = tcp_server_options().tls(files.certificate, files.key);
    tcp_server other(script().expect_request().send(ok).repeat(), tls);
    tcp_server server(script().expect_request().send(to("/b")).expect_request().send(to(other.url())), tls);
    with_working_client([&](http::client& http) -> awaitable<> {
        const auto any = http::request_options().dangerously_accept_any_certificate();
        auto refused = co_await http.get(server.url(), any, nothrow);
        REQUIRE(refused.has_error());
        CHECK(refused.error() == condition::tls);
        CHECK(server.requests().size() == 2);
        CHECK(other.requests().empty());
        auto page = co_await http.get(other.url(), any);
        CHECK(page.body() == "ok");
    });
}

TEST_CASE("redirect: a file gets the last body, and nothing of those before", "[http][redirect][download]") {
    temp_dir dir;
    tcp_server server(script().expect_request().send(to("/b")).expect_request().send(ok));
    const auto path = dir / "file";
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.download(server.url(), path.string());
        CHECK(page.body_size() == 2);
    });
    CHECK(read_file(path) == "ok");
}

TEST_CASE("redirect: nobody reads an endless body of one", "[http][redirect][fault]") {
    tcp_server other(script().expect_request().send(ok));
    tcp_server server(script()
                          .expect_request()
                          .send("HTTP/1.1 302 Found\r\nLocation: " + other.url() + "\r\n\r\n")
                          .flood(std::string(10'000, 'x')));
    with_working_client([&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url());
        CHECK(page.body() == "ok");
    });
}

TEST_CASE("redirect: one limit of time for all of it", "[http][redirect][fault]") {
    tcp_server silent(script().expect_request().hang());
    tcp_server server(script().expect_request().send(to(silent.url())));
    with_working_client([&](http::client& http) -> awaitable<> {
        auto late = co_await http.get(server.url(), http::request_options().total_timeout(100ms), nothrow);
        check_failure(late, condition::timeout, phase::first_byte, "total_timeout 100 ms", outcome::in_doubt);
    });
}

TEST_CASE("redirect: hosts' limits hold on the way", "[http][redirect]") {
    tcp_server other(script().expect_request().send(ok).repeat());
    // Each is a host of its own, so that as many are redirected at once
    const auto leads_there = script().expect_request().send(to(other.url())).repeat();
    tcp_server one(leads_there), two(leads_there), three(leads_there), four(leads_there);
    with_working_client(
        http::client_options().max_in_flight(10).max_in_flight_per_host(1),
        [&](http::client& http) -> awaitable<> {
            std::vector<awaitable<http::response>> all;
            for (int i = 0; i < 10; ++i)
                for (const tcp_server* from : {&one, &two, &three, &four})
                    all.push_back(http.get(from->url()));
            auto pages = co_await gather(std::move(all));
            for (const auto& page : pages)
                CHECK(page.body() == "ok");
            CHECK(other.connections() == 1);
            CHECK(other.most_requests_at_once() == 1);
        }
    );
}
