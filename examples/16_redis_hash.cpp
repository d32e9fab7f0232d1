// A hash is written to Redis and read back whole: connect with a URL, set three fields, get them, close.

#include <oneloop/redis.hpp>

#include <iostream>

using namespace oneloop;

awaitable<> program(std::string url) {
    redis::client redis(co_await this_coro::executor, redis::options::from_url(url));
    co_await redis.del("car");
    auto added = co_await redis.hset("car", "make", "Volvo", "model", "Amazon", "year", 1963);
    std::cout << added << " new fields\n";
    auto car = co_await redis.hgetall("car");
    for (const auto& [field, content] : car)
        std::cout << "  " << field << ": " << content << "\n";
    co_await redis.close();
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: 16_redis_hash redis://:password@host:port/database\n";
        return 2;
    }
    return run_main(program(argv[1]));
}
