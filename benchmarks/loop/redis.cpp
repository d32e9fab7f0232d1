// GET of 100 bytes over one connection: loop_redis AT_ONCE OPERATIONS URL

#include "benchmarks/loop/workers.hpp"
#include <oneloop/redis.hpp>

using namespace oneloop;

awaitable<> program(int at_once, int operations, std::string url) {
    redis::client redis(co_await this_coro::executor, redis::options::from_url(url));
    auto work = [&](int times) -> awaitable<> {
        for (int i = 0; i < times; ++i) {
            auto value = co_await redis.get("value");
            if (!value || value->size() != 100)
                throw std::runtime_error("not the value");
        }
    };
    co_await measure_work(at_once, operations, std::ref(work));
    co_await redis.close();
}

int main(int, char** argv) {
    return run_main(program(std::stoi(argv[1]), std::stoi(argv[2]), argv[3]));
}
