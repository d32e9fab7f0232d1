#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/failure_check.hpp"
#include "tests/support/resources.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/tcp_server.hpp"
#include <oneloop/http.hpp>

#include <string>

namespace oneloop::testing {

/// One clear error, which says what was asked for.
template <class T>
void check_failure(const result<T>& r, condition what, phase where, const std::string& limit, outcome how) {
    check_story(r, what, where, limit, how, "GET http");
}

/// A test with a client, which must leave nothing behind: no descriptor, no thread, no work on the loop.
template <class Body>
void with_client(http::client_options options, Body body) {
    // Threads of the pool and what libcurl, OpenSSL and c-ares keep for the process are made once
    static const bool warm = [] {
        run_test([]() -> awaitable<> {
            http::client http(co_await this_coro::executor);
            auto refused = co_await http.get("https://127.0.0.1:1/", nothrow);
            CHECK_FALSE(refused);
            co_await run_blocking([] {});
        });
        return true;
    }();
    REQUIRE(warm);
    const resources before = resources_now();
    run_test([&]() -> awaitable<> {
        http::client http(co_await this_coro::executor, options);
        co_await body(http);
    });
    require_same_resources(before);
}

template <class Body>
void with_client(Body body) {
    with_client(http::client_options(), std::move(body));
}

/// A server that has not been met yet is asked, and answers.
inline awaitable<> still_works(http::client& http) {
    tcp_server sane(http_answers("as before"));
    const auto patient = http::request_options()
                             .connect_timeout(std::chrono::seconds(10))
                             .first_byte_timeout(std::chrono::seconds(10));
    auto page = co_await http.get(sane.url(), patient, nothrow);
    INFO((page.has_value() ? "" : page.error().message()));
    REQUIRE(page.has_value());
    CHECK(page->body() == "as before");
}

/// ... after which the client goes on working.
template <class Body>
void with_working_client(http::client_options options, Body body) {
    with_client(std::move(options), [&](http::client& http) -> awaitable<> {
        co_await body(http);
        co_await still_works(http);
        CHECK(http.stats().in_flight == 0);
        CHECK(http.stats().queued == 0);
    });
}

template <class Body>
void with_working_client(Body body) {
    with_working_client(http::client_options(), std::move(body));
}

} // namespace oneloop::testing
