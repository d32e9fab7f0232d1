// Through tinyproxy: everything in plain http, and in a tunnel (CONNECT) to an nginx.
#include "tests/interop/fronted.hpp"
#include "tests/interop/trial.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"

using namespace oneloop;
using namespace oneloop::testing;

namespace {

packaged_server tinyproxy(const std::string& more = {}) {
    return packaged_server(packaged_server::binds([&](const std::string& port, const temp_dir& dir) {
        const auto conf = dir.write(
            "tinyproxy.conf",
            "Port " + port + "\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 50\n" +
                "LogLevel Warning\nLogFile \"" + (dir / "proxy.log").string() + "\"\n" + more
        );
        return packaged_server::command{"/usr/bin/tinyproxy", "-d", "-c", conf.string()};
    }));
}

packaged_server uvicorn() {
    return packaged_server(packaged_server::inherits([](const std::string& fd, const temp_dir&) {
        return packaged_server::command{"/usr/bin/python3", "-m",      "uvicorn",       "--fd", fd,
                                        "--log-level",      "warning", "plain_asgi:app"};
    }));
}

awaitable<> refused(http::client_options options, std::string plain, std::string tunnelled) {
    http::client http(co_await this_coro::executor, options);
    const auto answer = co_await http.get(plain);
    CHECK(answer.status() >= 401); // the proxy's own answer: 401 of this one, 407 of others
    CHECK(answer.status() <= 407);
    const auto why = co_await http.get(tunnelled, nothrow);
    REQUIRE_FALSE(why);
    CHECK(why.error().phase() == phase::connect);
    CHECK(why.error().outcome() == outcome::not_sent);
}

// It closes each connection after one answer and does not say so, and a POST that goes out at that moment is
// rightly in doubt. So each check has a client of its own, and what it sends may be sent twice.
trial through_tinyproxy(const std::string& name) {
    return trial(name, {"tinyproxy-bin", "python3-uvicorn"})
        .known(
            "keep-alive", "needed a connection of its own",
            "tinyproxy closes the connection after each answer"
        );
}

// A tunnel is kept.
trial tunnelled(const std::string& name) {
    return trial(name, {"tinyproxy-bin", "python3-uvicorn"}).and_of(nginx_version());
}

} // namespace

TEST_CASE("tinyproxy", "[interop]") {
    const auto server = uvicorn();
    const auto proxy = tinyproxy();
    through_tinyproxy("Uvicorn through tinyproxy")
        .client(http::client_options().proxy(proxy.url()).retry(retry_policy().idempotent()))
        .apart()
        .run(server, server.url());
}

TEST_CASE("tinyproxy with a password", "[interop]") {
    const auto server = uvicorn();
    const auto proxy = tinyproxy("BasicAuth ada s3cret\n");
    const auto with_password = "http://ada:s3cret@127.0.0.1:" + std::to_string(proxy.port());
    through_tinyproxy("Uvicorn through tinyproxy with a password")
        .client(http::client_options().proxy(with_password).retry(retry_policy().idempotent()))
        .apart()
        .run(server, server.url());

    const fronted origin;
    tunnelled("nginx over TLS through tinyproxy (CONNECT) with a password")
        .client(origin.trusting().proxy(with_password))
        .run(origin.behind, origin.server.tls_url(""));
    run_test([&]() -> awaitable<> {
        return refused(
            origin.trusting().proxy(proxy.url()), origin.server.url("/hello"), origin.server.tls_url("/hello")
        );
    });
}

TEST_CASE("tinyproxy with a tunnel", "[interop]") {
    const fronted origin;
    const auto proxy = tinyproxy();
    tunnelled("nginx over TLS through tinyproxy (CONNECT)")
        .client(origin.trusting().proxy(proxy.url()))
        .run(origin.behind, origin.server.tls_url(""));
    tunnelled("nginx over TLS through tinyproxy (CONNECT), HTTP/2")
        .client(origin.trusting().proxy(proxy.url()))
        .http2()
        .run(origin.behind, origin.server.tls_url(""));
}
