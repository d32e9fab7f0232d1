#include "http_client/connection_setup.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop;
using http::client_options;
using http::connection_setup;

TEST_CASE("connection: HTTP/2 by default where libcurl's is sound", "[http2]") {
    const auto* curl = curl_version_info(CURLVERSION_NOW);
    CHECK(http::has_sound_http2() == (curl->version_num >= 0x080400));
    const bool built_in = curl->features & CURL_VERSION_HTTP2;
    CHECK(connection_setup(client_options()).http2 == (http::has_sound_http2() && built_in));
    CHECK_FALSE(connection_setup(client_options().http2(false)).http2);
    if (built_in)
        CHECK(connection_setup(client_options().http2(true)).http2);
    else
        CHECK_THROWS_AS(connection_setup(client_options().http2(true)), error);
}

TEST_CASE("connection: no cookies unless asked for, and none without the public suffixes", "[cookie]") {
    CHECK_FALSE(connection_setup(client_options()).cookies);
    if (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_PSL)
        CHECK(connection_setup(client_options().cookies(true)).cookies);
    else
        CHECK_THROWS_AS(connection_setup(client_options().cookies(true)), error);
}
