// Python servers with an interface of their own, and WSGI.
#include "tests/interop/trial.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop;
using namespace oneloop::testing;

namespace {

packaged_server script(const std::string& name) {
    return packaged_server(packaged_server::inherits([&](const std::string& fd, const temp_dir&) {
        return packaged_server::command{"/usr/bin/python3", (apps() / name).string(), fd};
    }));
}

} // namespace

TEST_CASE("Tornado", "[interop]") {
    const auto server = script("tornado_app.py");
    trial("Tornado", {"python3-tornado"}).run(server, server.url());
}

TEST_CASE("aiohttp", "[interop]") {
    const auto server = script("aiohttp_app.py");
    trial("aiohttp (server)", {"python3-aiohttp"}).run(server, server.url());
}

TEST_CASE("httpbin", "[interop]") {
    const packaged_server server(packaged_server::inherits([](const std::string& fd, const temp_dir& dir) {
        return packaged_server::command{
            "/usr/bin/python3",  "-m",         "gunicorn",  "--bind", "fd://" + fd,
            "--worker-class",    "gthread",    "--threads", "8",      "--worker-tmp-dir",
            dir.path().string(), "httpbin:app"};
    }));
    trial("httpbin on Gunicorn", {"python3-httpbin", "python3-gunicorn"})
        .with(capabilities_of_httpbin())
        .remark("8 MiB stream", "100 KiB, which is as much as httpbin gives")
        .run(server, server.url(), "/robots.txt");
}
