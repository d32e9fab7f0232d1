#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/failure_check.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/resources.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/tcp_server.hpp"
#include <oneloop/redis.hpp>

#include <string>

namespace oneloop::testing {

template <class T>
void check_failure(
    const result<T>& r, condition what, phase where, const std::string& limit, outcome how,
    const std::string& says = {}
) {
    check_story(r, what, where, limit, how, says);
}

/// What a server without a password does when a client comes.
inline script lets_in() {
    return script().expect("PING\r\n").send("+PONG\r\n");
}

inline redis::options at(const redis_server& server) {
    return redis::options::from_url(server.url());
}
inline redis::options at_port(std::uint16_t port) {
    return redis::options().port(port);
}

/// A test that must leave nothing behind: no descriptor, no thread, no work on the loop.
template <class Body>
void with_loop(Body body) {
    // Threads of the pool and what libraries keep for the process are made once
    static const bool warm = [] {
        run_test([]() -> awaitable<> {
            refused_port nobody;
            redis::client redis(co_await this_coro::executor, at_port(nobody.port()));
            auto refused = co_await redis.ping(nothrow);
            CHECK_FALSE(refused);
            co_await run_blocking([] {});
        });
        return true;
    }();
    REQUIRE(warm);
    const resources before = resources_now();
    run_test(std::move(body));
    require_same_resources(before);
}

/// The same with a client in it.
template <class Body>
void with_client(redis::options options, Body body) {
    with_loop([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, options);
        co_await body(redis);
    });
}

/// For servers that are restarted meanwhile, and have other descriptors then, but as many.
template <class Body>
void with_restarts(redis::options options, Body body) {
    const auto before = resources_now().descriptors.size();
    run_test([&]() -> awaitable<> {
        redis::client redis(co_await this_coro::executor, options);
        co_await body(redis);
    });
    CHECK(resources_now().descriptors.size() == before);
}

/// Lets the loop run until the condition holds; the test's own limit ends it otherwise.
template <class Condition>
awaitable<> until(Condition holds) {
    while (!holds())
        co_await sleep_for(std::chrono::milliseconds(1));
}

} // namespace oneloop::testing
