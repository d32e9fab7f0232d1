#include "tests/integration/http/checks.hpp"
#include "tests/support/tcp_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// A client on one loop, those who use it on another, and operations that outlive their loop.

TEST_CASE("loops: a coroutine of another loop may time out and cancel", "[http][loops][cancel]") {
    tcp_server server(http_answers("far"));
    tcp_server silent(script().expect_request().hang());
    asio::io_context home(1);
    auto work = asio::make_work_guard(home);
    auto client = std::make_unique<http::client>(
        home.get_executor(), http::client_options().max_in_flight(1'000).max_in_flight_per_host(1'000)
    );
    std::thread thread([&] { run_watched(home); });

    asio::io_context away(1);
    std::size_t answered = 0, late = 0;
    run(away,
        [](http::client& http, std::string good, std::string bad, std::size_t& yes,
           std::size_t& no) -> awaitable<> {
            for (int round = 0; round < 100; ++round) {
                auto quick = co_await timeout(std::chrono::microseconds(round * 20), http.get(good, nothrow));
                quick ? ++yes : ++no;
                auto never = co_await timeout(1ms, http.get(bad, nothrow));
                CHECK(never.error() == condition::timeout);
            }
            auto last = co_await http.get(good);
            CHECK(last.body() == "far");
        }(*client, server.url(), silent.url(), answered, late));
    CHECK(answered + late == 100);

    asio::post(home, [&] { client.reset(); });
    work.reset();
    thread.join();
}

TEST_CASE("loops: a cancel that comes before the loop runs is not lost", "[http][loops][cancel]") {
    tcp_server silent(script().expect_request().hang());
    asio::io_context loop(1);
    http::client http(loop.get_executor());
    asio::cancellation_signal signal;
    error_code got;
    http.get(silent.url(), asio::bind_cancellation_slot(signal.slot(), [&](error_code code, http::response) {
                 got = code;
             }));
    signal.emit(asio::cancellation_type::all);
    run_watched(loop);
    CHECK(got == condition::cancelled);
    CHECK(silent.requests().empty());
}

TEST_CASE("loops: an operation that was never started outlives the loop", "[http][loops]") {
    std::optional<awaitable<http::response>> never_awaited;
    {
        asio::io_context loop(1);
        http::client http(loop.get_executor());
        auto never_called = http.get("http://127.0.0.1:1/", asio::deferred);
        never_awaited.emplace(http.get("http://127.0.0.1:1/"));
        run_watched(loop);
    }
    never_awaited.reset();
}

TEST_CASE("loops: a signal outlives the loop, with operations pending", "[http][loops][cancel]") {
    tcp_server silent(script().expect_request().hang());
    asio::cancellation_signal of_coroutine, of_callback;
    {
        asio::io_context loop(1);
        auto inside = [](std::string url) -> awaitable<> {
            http::client http(co_await this_coro::executor);
            co_await http.get(url);
        };
        asio::co_spawn(
            loop, inside(silent.url()), asio::bind_cancellation_slot(of_coroutine.slot(), asio::detached)
        );
        auto client = std::make_shared<http::client>(loop.get_executor());
        client->get(
            silent.url(),
            asio::bind_cancellation_slot(of_callback.slot(), [client](error_code, http::response) {})
        );
        client.reset();
        while (silent.requests().size() < 2)
            run_one_watched(loop, 10ms);
    }
    of_callback.emit(asio::cancellation_type::all); // finds nobody
}
