#pragma once

#include "tests/support/run_test.hpp"
#include <oneloop/http.hpp>
#include <oneloop/testing.hpp>

#include <memory>
#include <utility>

namespace oneloop::testing {

/// A client without a network, in virtual time.
template <class Body>
void with_script(
    const std::shared_ptr<http::scripted_transport>& script, http::client_options options, Body body
) {
    run([&]() -> awaitable<> {
        http::client http(co_await this_coro::executor, options.transport(script));
        co_await body(http);
        co_await http.close();
    });
}

template <class Body>
void with_script(const std::shared_ptr<http::scripted_transport>& script, Body body) {
    with_script(script, http::client_options(), std::move(body));
}

} // namespace oneloop::testing
