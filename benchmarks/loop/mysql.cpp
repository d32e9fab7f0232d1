// SELECT 1, each coroutine over a connection of its own: loop_mysql AT_ONCE OPERATIONS URL

#include "benchmarks/loop/workers.hpp"
#include <oneloop/mysql.hpp>

using namespace oneloop;

awaitable<> program(int at_once, int operations, std::string url) {
    auto sizes = pool_options().max_size(static_cast<std::size_t>(at_once));
    mysql::pool pool(co_await this_coro::executor, mysql::options::from_url(url), sizes);
    auto work = [&](int times) -> awaitable<> {
        auto db = co_await pool.acquire();
        for (int i = 0; i < times; ++i) {
            auto rows = co_await db->query("SELECT 1");
            if (rows.size() != 1 || rows[0][0].as<int>() != 1)
                throw std::runtime_error("not the row");
        }
    };
    co_await measure_work(at_once, operations, std::ref(work));
    co_await pool.close();
}

int main(int, char** argv) {
    return run_main(program(std::stoi(argv[1]), std::stoi(argv[2]), argv[3]));
}
