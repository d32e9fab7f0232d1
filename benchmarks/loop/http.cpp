// GET of 1 KiB over connections that are kept: loop_http AT_ONCE OPERATIONS URL

#include "benchmarks/loop/workers.hpp"
#include <oneloop/http.hpp>

using namespace oneloop;

awaitable<> program(int at_once, int operations, std::string url) {
    auto limits = http::client_options().max_in_flight_per_host(64);
    http::client http(co_await this_coro::executor, limits);
    auto work = [&](int times) -> awaitable<> {
        for (int i = 0; i < times; ++i) {
            auto page = co_await http.get(url);
            if (page.throw_for_status().body().size() != 1024)
                throw std::runtime_error("not the page");
        }
    };
    co_await measure_work(at_once, operations, std::ref(work));
    co_await http.close();
}

int main(int, char** argv) {
    return run_main(program(std::stoi(argv[1]), std::stoi(argv[2]), argv[3]));
}
