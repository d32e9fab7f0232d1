#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/forward_proxy.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/step_cancel.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// Cancels a GET of `url` after its k-th handler for every k; gives the number of handlers of an uncancelled
// one.
std::size_t cancel_everywhere(const std::string& url, const http::client_options& options = {}) {
    return step_cancel(
        [&](boost::asio::io_context& loop) {
            auto client = std::make_shared<http::client>(loop.get_executor(), options);
            return [client, url](auto token) { client->get(url, std::move(token)); };
        },
        step_cancel_options().heap_growth(1 << 20)
    );
}

awaitable<> until(const std::function<bool()>& seen) {
    while (!seen())
        co_await sleep_for(1ms);
}

// Cancels a request when the server has come so far, and gives what became of it.
awaitable<result<http::response>> cancel_when(
    http::client& http, std::string url, std::function<bool()> so_far
) {
    result<http::response> answer = failure(errc::closed);
    co_await with_task_group([&](task_group& tasks) -> awaitable<> {
        boost::asio::cancellation_signal signal;
        auto token = boost::asio::bind_cancellation_slot(signal.slot(), nothrow);
        auto request = tasks.spawn(http.get(url, token));
        co_await until(so_far);
        co_await sleep_for(20ms); // for what the server has sent to arrive; too early is another good test
        signal.emit(boost::asio::cancellation_type::terminal);
        answer = co_await request.get();
    });
    co_return answer;
}

} // namespace

TEST_CASE("cancel: after the k-th handler of a GET from nginx", "[http][cancel]") {
    nginx server;
    server.serve("page", std::string(200'000, 'x'));
    CHECK(cancel_everywhere(server.url("/page")) >= 3);
}

TEST_CASE("cancel: after the k-th handler of a GET over TLS", "[http][cancel][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("good")));
    server.serve("page", std::string(100'000, 'x'));
    const auto options = http::client_options().trust_file(authority.certificate().string());
    CHECK(cancel_everywhere(server.tls_url("/page"), options) >= 3);
}

TEST_CASE("cancel: after the k-th handler of a GET through a proxy's tunnel", "[http][cancel][tls][proxy]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("good")));
    server.serve("page", std::string(50'000, 'x'));
    forward_proxy proxy(forward_proxy_options().password("me", "s3cret"));
    const auto options = http::client_options()
                             .trust_file(authority.certificate().string())
                             .proxy(proxy.url("http", "me:s3cret@"))
                             .cookies(true);
    CHECK(cancel_everywhere(server.tls_url("/page"), options) >= 5);
}

TEST_CASE("cancel: after the k-th handler of a GET over HTTP/2", "[http][cancel][tls][http2]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("good")).http2());
    server.serve("page", std::string(200'000, 'x'));
    const auto options = http::client_options().trust_file(authority.certificate().string()).http2(true);
    CHECK(cancel_everywhere(server.tls_url("/page"), options) >= 4);
}

TEST_CASE("cancel: in each phase the failure says where and at what price", "[http][cancel]") {
    const black_hole hole;
    tcp_server silent(script().expect_request().hang());
    tcp_server halfway(
        script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").hang()
    );
    tcp_server no_tls(script().hang());
    // One place for all: a request that kept it would have the others wait
    const auto one = http::client_options().max_in_flight(1).max_in_flight_per_host(1).queue_timeout(10s);
    with_client([&](http::client&) -> awaitable<> {
        const auto loop = co_await this_coro::executor;
        dns_server dns(loop);
        dns.set("hangs.test", dns_reply().silent());
        auto names = std::make_shared<resolver>(loop, resolver_options().server(dns.address()));
        http::client http(loop, http::client_options(one).resolve_with(names));

        auto resolving =
            co_await cancel_when(http, "http://hangs.test/", [&] { return dns.asked("hangs.test") > 0; });
        check_failure(resolving, condition::cancelled, phase::resolve, "", outcome::not_sent);
        co_await still_works(http);

        const std::string into_hole = "http://127.0.0.1:" + std::to_string(hole.port()) + "/";
        auto connecting = co_await cancel_when(http, into_hole, [] { return true; });
        check_failure(connecting, condition::cancelled, phase::connect, "", outcome::not_sent);
        co_await still_works(http);

        const std::string handshake = "https://127.0.0.1:" + std::to_string(no_tls.port()) + "/";
        auto in_tls = co_await cancel_when(http, handshake, [&] { return no_tls.connections() == 1; });
        check_failure(in_tls, condition::cancelled, phase::tls, "", outcome::not_sent);
        co_await still_works(http);

        auto waiting =
            co_await cancel_when(http, silent.url(), [&] { return silent.requests().size() == 1; });
        check_failure(waiting, condition::cancelled, phase::first_byte, "", outcome::in_doubt);
        co_await still_works(http);

        auto receiving =
            co_await cancel_when(http, halfway.url(), [&] { return halfway.requests().size() == 1; });
        check_failure(receiving, condition::cancelled, phase::receive, "", outcome::answered);
        co_await still_works(http);
        CHECK(http.stats().in_flight == 0);
        co_await http.close();
    });
}

TEST_CASE("cancel: a request in the queue costs nothing", "[http][cancel][queue]") {
    tcp_server server(script().expect_request().wait_for_requests(1).hang());
    with_client(
        http::client_options().max_in_flight(1).total_timeout(1s),
        [&](http::client& http) -> awaitable<> {
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                auto first = tasks.spawn(http.get(server.url(), nothrow));
                co_await until([&] { return server.requests().size() == 1; });
                auto queued =
                    co_await cancel_when(http, server.url(), [&] { return http.stats().queued == 1; });
                check_failure(queued, condition::cancelled, phase::queue, "", outcome::not_sent);
                CHECK(http.stats().queued == 0);
                tasks.cancel();
            });
        }
    );
    CHECK(server.requests().size() == 1);
}

TEST_CASE("cancel: a stream whose reader makes the server wait", "[http][cancel][stream]") {
    tcp_server server([](std::size_t n) {
        return n == 0
                   ? script().expect_request().send("HTTP/1.1 200 OK\r\n\r\n").flood(std::string(5000, 'x'))
                   : http_answers("next");
    });
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        {
            auto page = co_await http.stream(server.url(), http::request_options().read_ahead(1000));
            co_await page.read();
            co_await sleep_for(20ms); // until it is paused; too early is another good test
        }
        auto next = co_await http.get(server.url());
        CHECK(next.body() == "next");
    });
}

TEST_CASE("cancel: in the completion handler, of itself, of others and of the client", "[http][cancel]") {
    tcp_server quick(http_answers("quick"));
    tcp_server silent(script().expect_request().hang());
    boost::asio::io_context loop;
    auto client = std::make_unique<http::client>(loop.get_executor());
    boost::asio::cancellation_signal own, other;
    int quick_done = 0, silent_done = 0, last_done = 0;
    client->get(
        silent.url(), boost::asio::bind_cancellation_slot(
                          other.slot(),
                          [&](error_code code, const auto&) {
                              ++silent_done;
                              CHECK(code == condition::cancelled);
                              client.reset();
                          }
                      )
    );
    client->get(silent.url("/last"), [&](error_code code, const auto&) {
        ++last_done;
        CHECK(code == condition::closed);
    });
    client->get(
        quick.url(), boost::asio::bind_cancellation_slot(
                         own.slot(),
                         [&](error_code code, const auto& page) {
                             ++quick_done;
                             CHECK_FALSE(code);
                             CHECK(page.body() == "quick");
                             own.emit(boost::asio::cancellation_type::all);
                             other.emit(boost::asio::cancellation_type::all);
                         }
                     )
    );
    loop.run();
    CHECK(quick_done == 1);
    CHECK(silent_done == 1);
    CHECK(last_done == 1);
}

TEST_CASE("cancel: the client destroyed with work in flight", "[http][cancel]") {
    tcp_server server(script().expect_request().hang());
    const resources before = resources_now();
    run_test([&]() -> awaitable<> {
        auto client = std::make_unique<http::client>(
            co_await this_coro::executor, http::client_options().max_in_flight(2)
        );
        std::vector<result<http::response>> answers;
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto all = tasks.spawn(gather(std::views::iota(0, 5) | std::views::transform([&](int) {
                                              return client->get(server.url(), nothrow);
                                          })));
            co_await until([&] { return server.requests().size() == 2; });
            client.reset();
            answers = co_await all.get();
        });
        REQUIRE(answers.size() == 5);
        check_failure(answers[0], condition::closed, phase::first_byte, "", outcome::in_doubt);
        check_failure(answers[4], condition::closed, phase::queue, "", outcome::not_sent);
    });
    require_same_resources(before);
}

TEST_CASE("cancel: the loop destroyed with work in flight", "[http][cancel]") {
    tcp_server server(script().expect_request().hang());
    const resources before = resources_now();
    for (int steps : {0, 1, 2, 5, 10, 20}) {
        boost::asio::io_context loop(1);
        // The client lives in the coroutine that waits for it
        spawn(loop.get_executor(), [](std::string url) -> awaitable<> {
            http::client http(co_await this_coro::executor, http::client_options().max_in_flight(2));
            co_await gather(http.get(url), http.get(url), http.get(url));
        }(server.url()));
        for (int i = 0; i < steps; ++i)
            run_one_watched(loop, 50ms);
    }
    require_same_resources(before);
}
