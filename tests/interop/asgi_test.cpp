// ASGI servers, and frameworks on them.
#include "tests/interop/trial.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/certificates.hpp"

#include <algorithm>
#include <cctype>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

const std::string python = "/usr/bin/python3"; // the one that the packages are for

packaged_server uvicorn(
    const std::string& app, const std::string& http = "h11", const std::string& loop = "asyncio"
) {
    return packaged_server(packaged_server::inherits([&](const std::string& fd, const temp_dir&) {
        return packaged_server::command{python, "-m",     "uvicorn", "--fd",        fd,        "--http",
                                        http,   "--loop", loop,      "--log-level", "warning", app + ":app"};
    }));
}

packaged_server hypercorn(const std::string& app, std::vector<std::string> more = {}) {
    return packaged_server(packaged_server::inherits([&](const std::string& fd, const temp_dir&) {
        packaged_server::command all{python,       "-m",          "hypercorn", "--bind",
                                     "fd://" + fd, "--log-level", "warning"};
        all.insert(all.end(), more.begin(), more.end());
        all.push_back(app + ":app");
        return all;
    }));
}

packaged_server daphne(const std::string& app) {
    return packaged_server(packaged_server::inherits([&](const std::string& fd, const temp_dir&) {
        return packaged_server::command{python, "-m", "daphne", "--fd", fd, "--verbosity", "0", app + ":app"};
    }));
}

} // namespace

TEST_CASE("Uvicorn", "[interop]") {
    const auto server = uvicorn("plain_asgi");
    trial("Uvicorn", {"python3-uvicorn"}).run(server, server.url());
}

TEST_CASE("Uvicorn with httptools and uvloop", "[interop]") {
    const auto server = uvicorn("plain_asgi", "httptools", "uvloop");
    trial("Uvicorn with httptools and uvloop", {"python3-uvicorn", "python3-httptools", "python3-uvloop"})
        .run(server, server.url());
}

TEST_CASE("Hypercorn", "[interop]") {
    const auto server = hypercorn("plain_asgi");
    trial("Hypercorn", {"python3-hypercorn"}).run(server, server.url());
}

TEST_CASE("Hypercorn over TLS", "[interop]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const auto files = authority.issue("server");
    const auto server =
        hypercorn("plain_asgi", {"--certfile", files.certificate.string(), "--keyfile", files.key.string()});
    const auto trusting = http::client_options().trust_file(authority.certificate().string());
    trial("Hypercorn over TLS, HTTP/1.1", {"python3-hypercorn"})
        .client(trusting)
        .run(server, server.url("https"));
    trial("Hypercorn over TLS, HTTP/2", {"python3-hypercorn", "python3-h2"})
        .client(trusting)
        .http2()
        .run(server, server.url("https"));
}

TEST_CASE("Daphne", "[interop]") {
    const auto server = daphne("plain_asgi");
    trial("Daphne", {"python3-daphne"}).run(server, server.url());
}

TEST_CASE("Starlette", "[interop]") {
    const auto server = uvicorn("starlette_app");
    trial("Starlette on Uvicorn", {"python3-starlette"}).run(server, server.url());
}

TEST_CASE("FastAPI", "[interop]") {
    const auto server = uvicorn("fastapi_app");
    trial("FastAPI on Uvicorn", {"python3-fastapi"}).run(server, server.url());
}

TEST_CASE("Quart", "[interop]") {
    const auto server = hypercorn("quart_app");
    trial("Quart on Hypercorn", {"python3-quart"}).run(server, server.url());
}

TEST_CASE("Falcon", "[interop]") {
    const auto server = uvicorn("falcon_app");
    trial("Falcon on Uvicorn", {"python3-falcon"}).run(server, server.url());
}

TEST_CASE("Django Channels", "[interop]") {
    const auto server = daphne("channels_app");
    trial("Django Channels on Daphne", {"python3-django-channels", "python3-django"})
        .run(server, server.url());
}

// Their rows say so, lest one thinks that they were forgotten.
TEST_CASE("not packaged", "[interop]") {
    for (const std::string name : {"Sanic", "BlackSheep", "Vibora"}) {
        std::string package = "python3-" + name;
        std::ranges::transform(package, package.begin(), [](unsigned char c) { return std::tolower(c); });
        CHECK(version_of(package).empty()); // else it can be tried
        write_row(name, "not in Debian 12", {});
    }
}
