// Fetches a list of sites at once, prints each length as it comes; a failure stops no other.

#include "urls.hpp"
#include <oneloop/http.hpp>

#include <ranges>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<std::size_t> visit(http::client& http, std::string url) {
    auto page = co_await http.get(url, nothrow);
    if (!page) {
        std::cout << "  failed: " << page.error().message() << "\n";
        co_return 0;
    }
    std::cout << "  " << page->status() << "  " << page->body().size() << " bytes  " << page->url() << "\n";
    co_return page->body().size();
}

awaitable<> program(std::vector<std::string> urls) {
    auto limits = http::client_options().connect_timeout(5s).total_timeout(20s).max_in_flight_per_host(4);
    http::client http(co_await this_coro::executor, limits);
    auto start = [&](const std::string& url) { return visit(http, url); };
    std::size_t total = 0;
    for (std::size_t size : co_await gather(urls | std::views::transform(start)))
        total += size;
    std::cout << urls.size() << " sites, " << total << " bytes\n";
    co_await http.close();
}

int main(int argc, char** argv) {
    return run_main(program(urls_of(argc, argv)));
}
