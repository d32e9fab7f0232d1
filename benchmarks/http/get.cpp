// GETs of one page over connections that are kept; beside floor/http_get.c:
//   http_get AT_ONCE OPERATIONS BYTES URL

#include "benchmarks/loop/workers.hpp"
#include <oneloop/http.hpp>

#include <boost/asio/this_coro.hpp>

using namespace oneloop;

awaitable<> program(int at_once, int operations, std::size_t bytes, std::string url) {
    const auto places = static_cast<std::size_t>(at_once);
    auto limits = http::client_options().max_in_flight(places).max_in_flight_per_host(places);
    http::client http(co_await this_coro::executor, limits);
    auto work = [&](int times) -> awaitable<> {
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (!state.slot().is_connected())
            throw std::logic_error("nobody could cancel this");
        for (int i = 0; i < times; ++i) {
            auto page = co_await http.get(url);
            if (page.status() != 200 || page.body().size() != bytes)
                throw std::runtime_error("not the page");
        }
    };
    co_await measure_work(at_once, operations, std::ref(work));
    if (http.stats().failed)
        throw std::runtime_error("some failed");
    co_await http.close();
}

int main(int, char** argv) {
    return run_main(program(std::stoi(argv[1]), std::stoi(argv[2]), std::stoul(argv[3]), argv[4]));
}
