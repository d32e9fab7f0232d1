// What a redis::client takes that is connected and idle, and a pool with one connection that is.
//   memory_redis client|pool COUNT URL

#include "benchmarks/memory/measure.hpp"
#include <oneloop/redis.hpp>

#include <deque>
#include <string>

using namespace oneloop;

awaitable<> program(std::string kind, int count, std::string url) {
    const auto loop = co_await this_coro::executor;
    const auto where = redis::options::from_url(url);
    std::deque<redis::client> clients;
    std::deque<redis::pool> pools;
    auto make = [&]() -> awaitable<> {
        if (kind == "client") {
            co_await clients.emplace_back(loop, where).ping();
        } else {
            auto lent = co_await pools.emplace_back(loop, where, pool_options().max_size(1)).acquire();
            co_await lent->ping();
        }
    };
    co_await measure_memory(count, make);
}

int main(int, char** argv) {
    return run_main(program(argv[1], std::stoi(argv[2]), argv[3]));
}
