// How often a host is asked, in virtual time.

#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripts.hpp"
#include "tests/support/temp_dir.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
using http::scripted;

TEST_CASE("pacing: a rate is an interval", "[http][pacing]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/", scripted(200, "ok"));
    server->answer("GET", "http://b.test/", scripted(200, "ok"));
    for (const auto& [rate, expected] :
         std::vector<std::pair<double, http::duration>>{{0.5, 8s}, {4, 1s}, {0, 0s}})
        with_script(
            server, http::client_options().max_host_rate(rate),
            [&, e = expected](http::client& http) -> awaitable<> {
                const auto begin = loop_clock::now();
                for (int i = 0; i < 5; ++i)
                    co_await http.get("http://a.test/");
                CHECK(loop_clock::now() - begin == e);
                auto other = co_await http.get("http://b.test/");
                CHECK(other.times().queue == 0s);
                CHECK(loop_clock::now() - begin == e);
            }
        );
}

TEST_CASE("pacing: a redirect to the same host, and a retry, have their turns", "[http][pacing]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/go", scripted(302).header("Location", "/busy"));
    server->answer("GET", "http://a.test/busy", scripted(503));
    server->answer("GET", "http://a.test/busy", scripted(200, "ok"));
    const auto options = http::client_options().min_host_interval(10s).retry(retry_policy().backoff(1s, 1s));
    with_script(server, options, [&](http::client& http) -> awaitable<> {
        const auto begin = loop_clock::now();
        auto page = co_await http.get("http://a.test/go");
        CHECK(page.body() == "ok");
        CHECK(loop_clock::now() - begin == 20s);
    });
}

TEST_CASE("pacing: so has a file that is asked for from its beginning after all", "[http][pacing][resume]") {
    const std::string url = "http://a.test/file";
    auto server = std::make_shared<http::scripted_transport>();
    const auto version = [](scripted s, const std::string& tag) { return s.header("ETag", tag); };
    server->answer(
        "GET", url, version(scripted(200, "01234"), "\"v1\"").header("Content-Length", "10").cut()
    );
    server->answer(
        "GET", url,
        version(scripted(206, "56789"), "\"v2\"")
            .header("Content-Range", "bytes 5-9/10")
            .header("Content-Length", "5")
    );
    server->answer("GET", url, version(scripted(200, "abcde"), "\"v2\"").header("Content-Length", "5"));
    const temp_dir dir;
    with_script(
        server, http::client_options().min_host_interval(10s),
        [&](http::client& http) -> awaitable<> {
            const auto how = http::download_options().resume();
            auto cut = co_await http.download(url, dir / "file", how, nothrow);
            REQUIRE(cut.has_error());
            const auto begin = loop_clock::now();
            auto whole = co_await http.download(url, dir / "file", how);
            CHECK(whole.resumed_from() == 0);
            CHECK(loop_clock::now() - begin >= 20s);
        }
    );
    CHECK(read_file(dir / "file") == "abcde");
    CHECK(server->requests().size() == 3);
}
