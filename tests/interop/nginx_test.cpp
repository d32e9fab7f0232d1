// nginx: files and compression of its own, and for all else before an application, as it mostly is.
#include "tests/interop/fronted.hpp"
#include "tests/interop/trial.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop;
using namespace oneloop::testing;

TEST_CASE("nginx before Uvicorn", "[interop]") {
    const fronted both;
    trial("nginx before Uvicorn", {"python3-uvicorn"})
        .and_of(nginx_version())
        .run(both.behind, both.server.url(""));
}

TEST_CASE("nginx over TLS before Uvicorn", "[interop]") {
    const fronted both;
    trial("nginx over TLS before Uvicorn, HTTP/1.1", {"python3-uvicorn"})
        .and_of(nginx_version())
        .client(both.trusting())
        .run(both.behind, both.server.tls_url(""));
    trial("nginx over TLS before Uvicorn, HTTP/2", {"python3-uvicorn"})
        .and_of(nginx_version())
        .client(both.trusting())
        .http2()
        .run(both.behind, both.server.tls_url(""));
}
