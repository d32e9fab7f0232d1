#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"

#include <random>
#include <ranges>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// Sanitizers make each request ten times as slow, and see what they look for much sooner.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int many = 3'000;
#else
constexpr int many = 100'000;
#endif

awaitable<> fetch(http::client& http, std::string url, int count) {
    auto same = [&](int) { return url; };
    auto pages = http.fetch_each(std::views::iota(0, count) | std::views::transform(same), 16);
    int good = 0;
    while (auto page = co_await pages.next())
        good += page->ok() && page->value().body() == "page";
    CHECK(good == count);
}

} // namespace

TEST_CASE(
    "endurance: ten thousand random cancels through one place lose no place", "[http][cancel][endurance]"
) {
    with_client(http::client_options().max_in_flight(1), [&](http::client& http) -> awaitable<> {
        tcp_server server(http_answers(std::string(3000, 'r'))); // in here, because it remembers all of them
        std::minstd_rand chance(4711);
        int answered = 0, cancelled = 0;
        auto one = [&](int) -> awaitable<> {
            const auto patience = std::chrono::microseconds(chance() % 3000);
            auto page = co_await timeout(patience, http.get(server.url(), nothrow));
            if (page.has_value()) {
                CHECK(page->body_size() == 3000);
                ++answered;
            } else {
                CHECK(page.error() == condition::timeout);
                ++cancelled;
            }
        };
        co_await gather(std::views::iota(0, 10'000) | std::views::transform(one), 8);
        CHECK(answered + cancelled == 10'000);
        CHECK(answered > 0);
        CHECK(cancelled > 0);
        CHECK(http.stats().in_flight == 0);
        CHECK(http.stats().queued == 0);
        auto last = co_await http.get(server.url());
        CHECK(last.body_size() == 3000);
    });
}

TEST_CASE("endurance: many requests take no more than a few do", "[http][endurance]") {
    nginx server;
    server.serve("page", "page");
    with_client([&](http::client& http) -> awaitable<> {
        co_await fetch(http, server.url("/page"), 1000);
        const resources before = resources_now();
        co_await fetch(http, server.url("/page"), many);
        const resources after = resources_now();
        CHECK(after.descriptors.size() <= before.descriptors.size() + 1); // a poll, or a connection made anew
        CHECK(after.threads == before.threads);
        CHECK(after.heap <= before.heap + (std::size_t{64} << 10));
    });
}
