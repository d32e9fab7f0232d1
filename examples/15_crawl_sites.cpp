// Fetches a list of sites at once, prints each length as it comes; a failure stops no other.

#include "urls.hpp"
#include <oneloop/http.hpp>

using namespace oneloop;
using namespace std::chrono_literals;

awaitable<> program(std::vector<std::string> urls) {
    auto limits = http::client_options().connect_timeout(5s).total_timeout(20s).max_in_flight_per_host(4);
    http::client http(co_await this_coro::executor, limits);
    std::size_t total = 0;
    auto pages = http.fetch_each(urls, 100); // so many at once, however many there are
    while (auto page = co_await pages.next()) {
        if (!page->ok()) {
            std::cout << "  failed: " << page->error().message() << "\n";
            continue;
        }
        const http::response& answer = page->value();
        std::cout << "  " << answer.status() << "  " << answer.body_size() << " bytes  " << answer.url()
                  << "\n";
        total += answer.body_size();
    }
    std::cout << urls.size() << " sites, " << total << " bytes\n";
    co_await http.close();
}

int main(int argc, char** argv) {
    return run_main(program(urls_of(argc, argv)));
}
