#include "tests/integration/http/checks.hpp"
#include "tests/support/step_cancel.hpp"
#include "tests/support/tcp_server.hpp"

#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

TEST_CASE(
    "close: waits for what was accepted, takes nothing new, and leaves no connection", "[http][close]"
) {
    tcp_server server(http_answers("last words"));
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        std::vector<result<http::response>> answers;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto all = tasks.spawn(gather(std::views::iota(0, 3) | std::views::transform([&](int) {
                                              return http.get(server.url(), nothrow);
                                          })));
            co_await sleep_for(0s);
            co_await sleep_for(0s);
            CHECK(http.stats().in_flight + http.stats().queued == 3);
            co_await http.close();
            CHECK(http.stats().completed == 3);
            answers = co_await all.get();
        });
        for (const auto& answer : answers)
            CHECK(answer->body() == "last words");
        auto late = co_await http.get(server.url(), nothrow);
        check_failure(late, condition::closed, phase::queue, "", outcome::not_sent);
        co_await http.close(); // closing twice is closing once
        while (server.open_connections() != 0)
            co_await sleep_for(1ms);
    });
}

TEST_CASE("close: cancelled, it stops waiting and stays closed", "[http][close][cancel]") {
    tcp_server server(script().expect_request().hang());
    with_client(http::client_options().total_timeout(500ms), [&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto request = tasks.spawn(http.get(server.url(), nothrow));
            while (server.requests().empty())
                co_await sleep_for(1ms);
            auto why = co_await caught(timeout(10ms, http.close()));
            CHECK(failure_of(why) == condition::timeout);
            auto late = co_await http.get(server.url(), nothrow);
            CHECK(late.error() == condition::closed);
            auto answer = co_await request.get();
            CHECK(answer.error() == condition::timeout); // its own limit, not the close
        });
    });
}
