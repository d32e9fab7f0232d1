// What is told of a request that was sent more than once.

#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripted_answers.hpp"
#include "tests/integration/http/scripts.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/tcp_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <ctime>
#include <stdexcept>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
using http::scripted;

namespace {

failure lost(outcome how) {
    return failure(error_code(ECONNRESET, boost::system::system_category())).ended(how);
}

http::request_options patient() {
    return http::request_options().retry(
        retry_policy().idempotent().backoff(10s, 10s).total_time(http::duration::max())
    );
}

} // namespace

TEST_CASE("attempts: a doubt about one of them stays", "[http][retry]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("POST", "http://a.test/", scripted::failing(lost(outcome::in_doubt)));
    with_script(server, [&](http::client& http) -> awaitable<> {
        // In the pause before the second
        auto brief = co_await timeout(1s, http.post("http://a.test/", "x", patient(), nothrow));
        REQUIRE(brief.has_error());
        CHECK(brief.error() == condition::timeout);
        CHECK(brief.error().outcome() == outcome::in_doubt);
        auto cut = co_await http.post("http://a.test/", "x", patient().total_timeout(12s), nothrow);
        REQUIRE(cut.has_error());
        CHECK(cut.error().outcome() == outcome::in_doubt);
    });
    CHECK(server->requests().size() > 1);
}

TEST_CASE("attempts: nor is it forgotten when the last one was not sent", "[http][retry]") {
    const refused_port nobody;
    const std::string nowhere = "http://127.0.0.1:" + std::to_string(nobody.port()) + "/";
    tcp_server acts(
        script()
            .expect(whole_request)
            .send("HTTP/1.1 307 Elsewhere\r\nLocation: " + nowhere + "\r\nContent-Length: 0\r\n\r\n")
            .repeat() // a POST on a connection that is just being closed is lost
    );
    with_client([&](http::client& http) -> awaitable<> {
        for (int attempts : {1, 2}) {
            const auto again = retry_policy().attempts(attempts).backoff(1ms, 1ms);
            auto elsewhere =
                co_await http.post(acts.url(), "x", http::request_options().retry(again), nothrow);
            REQUIRE(elsewhere.has_error());
            CHECK(elsewhere.error() == condition::network);
            CHECK(elsewhere.error().phase() == phase::connect);
            CHECK(elsewhere.error().outcome() == outcome::in_doubt);
            // What is sent elsewhere may be repeated all the same: nothing of it was
            CHECK(http.stats().retried == static_cast<std::uint64_t>(attempts - 1));
        }
        auto untouched = co_await http.post(nowhere, "x", nothrow);
        CHECK(untouched.error().outcome() == outcome::not_sent);
    });
}

TEST_CASE("attempts: a rule that throws says no", "[http][retry]") {
    const refused_port nobody;
    tcp_server resets(script().expect_request().reset()), silent(script().expect_request().hang());
    tcp_server busy(script().expect_request().send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").repeat()
    );
    tcp_server good(http_answers("ok"));
    int asked = 0;
    const auto rule = [&asked](const failure&) -> bool {
        ++asked;
        throw std::logic_error("the rule's own");
    };
    const auto options = http::client_options().max_in_flight(1).retry(retry_policy().when(rule));
    with_client(options, [&](http::client& http) -> awaitable<> {
        auto reset = co_await http.get(resets.url(), nothrow);
        check_failure(reset, condition::network, phase::first_byte, "", outcome::in_doubt);
        auto refused = co_await http.get("http://127.0.0.1:" + std::to_string(nobody.port()) + "/", nothrow);
        check_failure(refused, condition::network, phase::connect, "", outcome::not_sent);
        const auto brief = http::request_options().first_byte_timeout(50ms);
        auto late = co_await http.get(silent.url(), brief, nothrow);
        check_failure(late, condition::timeout, phase::first_byte, "first_byte_timeout", outcome::in_doubt);
        auto answer = co_await http.get(busy.url());
        CHECK(answer.status() == 503);
        CHECK(asked == 4);
        // Each has given its place back
        auto page = co_await http.get(good.url());
        CHECK(page.body() == "ok");
        CHECK(http.stats().retried == 0);
        CHECK(http.stats().in_flight == 0);
    });
}

TEST_CASE("attempts: a rule may destroy the client", "[http][retry]") {
    const refused_port nobody;
    tcp_server resets(script().expect_request().reset()), silent(script().expect_request().hang());
    tcp_server busy(script().expect_request().send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").repeat()
    );
    const std::vector<std::string> urls{
        resets.url(), "http://127.0.0.1:" + std::to_string(nobody.port()) + "/", silent.url(), busy.url(),
        "http://127.0.0.2/"}; // which the guard forbids, before the request is on its way
    const bool others = GENERATE(false, true);
    for (const auto& url : urls)
        with_client([&](http::client&) -> awaitable<> {
            INFO(url);
            std::unique_ptr<http::client> http;
            const auto rule = [&http](const failure&) {
                http.reset();
                return true;
            };
            const auto policy = retry_policy().idempotent().when(rule);
            const auto options = http::client_options()
                                     .guard(http::address_guard::public_only().allow("127.0.0.1"))
                                     .first_byte_timeout(50ms);
            http = std::make_unique<http::client>(co_await this_coro::executor, options);
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                std::vector<task<result<http::response>>> all;
                for (int i = 0; others && i < 3; ++i)
                    all.push_back(tasks.spawn(
                        http->get(silent.url(), http::request_options().first_byte_timeout(1h), nothrow)
                    ));
                auto closed = co_await http->get(url, http::request_options().retry(policy), nothrow);
                REQUIRE(closed.has_error());
                CHECK(closed.error() == condition::closed);
                CHECK_FALSE(http);
                for (auto& each : all) {
                    auto other = co_await each.get();
                    CHECK(other.error() == condition::closed);
                }
            });
        });
}

// Nobody else keeps the client's inside then.
TEST_CASE("attempts: a rule may destroy the client that a plain callback waits for", "[http][retry]") {
    tcp_server resets(script().expect_request().reset()), silent(script().expect_request().hang());
    for (const auto& url : {resets.url(), silent.url(), std::string("http://127.0.0.2/")}) {
        INFO(url);
        boost::asio::io_context loop;
        const auto guard = http::address_guard::public_only().allow("127.0.0.1");
        auto http = std::make_unique<http::client>(
            loop.get_executor(), http::client_options().guard(guard).first_byte_timeout(50ms)
        );
        const auto rule = [&http](const failure&) {
            http.reset();
            return true;
        };
        const auto options = http::request_options().retry(retry_policy().idempotent().when(rule));
        std::vector<error_code> told;
        http->get(url, options, [&told](error_code code, const http::response&) { told.push_back(code); });
        loop.run();
        CHECK_FALSE(http);
        REQUIRE(told.size() == 1);
        CHECK(told[0] == condition::closed);
    }
}

TEST_CASE("attempts: a rule may cancel its request", "[http][retry]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/", scripted::failing(lost(outcome::in_doubt)));
    with_script(server, [&](http::client& http) -> awaitable<> {
        boost::asio::cancellation_signal signal;
        const auto rule = [&signal](const failure&) {
            signal.emit(boost::asio::cancellation_type::terminal);
            return true;
        };
        const auto options = http::request_options().retry(retry_policy().when(rule));
        auto token = boost::asio::bind_cancellation_slot(signal.slot(), nothrow);
        auto given_up = co_await http.get("http://a.test/", options, token);
        REQUIRE(given_up.has_error());
        CHECK(given_up.error() == condition::cancelled);
        CHECK(http.stats().failed == 1);
        CHECK(http.stats().retried == 0);
    });
    CHECK(server->requests().size() == 1);
}

// One that waits in the queue, behind one that takes two minutes.
TEST_CASE("attempts: what a request waits in the queue is not the policy's time", "[http][retry]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://slow.test/", scripted(200, "slow").after(2min));
    server->answer("GET", "http://a.test/", scripted::failing(lost(outcome::in_doubt)));
    server->answer("GET", "http://a.test/", scripted(200, "ok"));
    const auto options = http::client_options().max_in_flight(1).first_byte_timeout(1h).retry(
        retry_policy().backoff(10s, 10s) // and one minute in all
    );
    with_script(server, options, [&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto slow = tasks.spawn(http.get("http://slow.test/"));
            co_await turns();
            auto page = co_await http.get("http://a.test/", nothrow);
            REQUIRE(page.has_value());
            CHECK(page->body() == "ok");
            // The pause before the second attempt is not the queue's either
            CHECK(page->times().queue == 2min);
            CHECK(page->times().total >= 2min + 5s);
            co_await slow.get();
        });
        CHECK(http.stats().retried == 1);
    });
}

TEST_CASE("attempts: nor is it of total_timeout, when it waits again", "[http][retry]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://slow.test/", scripted(200, "slow").after(2min));
    server->answer("GET", "http://a.test/", scripted(302).header("Location", "http://b.test/").after(1s));
    server->answer("GET", "http://b.test/", scripted(200, "there").after(1s));
    const auto options = http::client_options().max_in_flight(1).first_byte_timeout(1h);
    with_script(server, options, [&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto brief = http::request_options().total_timeout(3s);
            auto page = tasks.spawn(http.get("http://a.test/", brief, nothrow));
            co_await turns();
            auto slow = tasks.spawn(http.get("http://slow.test/", nothrow)); // whose turn is next
            auto there = co_await page.get();
            REQUIRE(there.has_value());
            CHECK(there->body() == "there");
            CHECK(there->times().queue == 2min);
            CHECK(there->times().total == 2min + 2s);
            co_await slow.get();
        });
    });
}

TEST_CASE("attempts: a limit of the last one is told as what it is", "[http][retry]") {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/", scripted().after(1h));
    with_script(server, [&](http::client& http) -> awaitable<> {
        const auto policy = retry_policy().attempts(9).backoff(1s, 1s).total_time(45s);
        auto late = co_await http.get("http://a.test/", http::request_options().retry(policy), nothrow);
        check_failure(
            late, condition::timeout, phase::first_byte, "first_byte_timeout 30 s", outcome::in_doubt
        );
        CHECK_THAT(late.error().message(), containing("after 2 attempts"));
    });
    CHECK(server->requests().size() == 2);
}

TEST_CASE("attempts: a server names the date from which it can be asked again", "[http][retry]") {
    const auto then = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + 2h);
    std::tm parts{};
    REQUIRE(gmtime_r(&then, &parts));
    std::array<char, 64> date{};
    REQUIRE(std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0);
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://a.test/", scripted(503).header("Retry-After", date.data()));
    server->answer("GET", "http://a.test/", scripted(200, "ok"));
    const auto options = http::client_options().total_timeout(3h);
    with_script(server, options, [&](http::client& http) -> awaitable<> {
        const auto begin = loop_clock::now();
        const auto policy = retry_policy().backoff(1s, 1s).total_time(3h);
        auto page = co_await http.get("http://a.test/", http::request_options().retry(policy));
        CHECK(page.body() == "ok");
        // Two hours but for what this machine took until here
        CHECK(loop_clock::now() - begin > 1h);
        CHECK(loop_clock::now() - begin <= 2h + 1s);
    });
}
