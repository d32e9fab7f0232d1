// What a mysql::connection takes that is idle, and a pool with one connection that is.
//   memory_mysql connection|pool COUNT URL

#include "benchmarks/memory/measure.hpp"
#include <oneloop/mysql.hpp>

#include <deque>
#include <string>

using namespace oneloop;

awaitable<> program(std::string kind, int count, std::string url) {
    const auto loop = co_await this_coro::executor;
    const auto where = mysql::options::from_url(url);
    std::deque<mysql::connection> connections;
    std::deque<mysql::pool> pools;
    auto make = [&]() -> awaitable<> {
        if (kind == "connection") {
            connections.push_back(co_await mysql::connect(loop, where));
            co_await connections.back().query("SELECT 1");
        } else {
            auto lent = co_await pools.emplace_back(loop, where, pool_options().max_size(1)).acquire();
            co_await lent->query("SELECT 1");
        }
    };
    co_await measure_memory(count, make);
}

int main(int, char** argv) {
    return run_main(program(argv[1], std::stoi(argv[2]), argv[3]));
}
