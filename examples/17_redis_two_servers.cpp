// The same on two servers at once: one slow server does not keep the other waiting.

#include <oneloop/redis.hpp>

#include <iostream>

using namespace oneloop;

awaitable<> car_on(std::string name, std::string url) {
    redis::client redis(co_await this_coro::executor, redis::options::from_url(url));
    co_await redis.hset("car", "server", name, "wheels", 4);
    std::cout << name << ": the car is parked\n";
    auto car = co_await redis.hgetall("car");
    for (const auto& [field, content] : car)
        std::cout << name << ":   " << field << " = " << content << "\n";
    co_await redis.close();
}

awaitable<> program(std::string first, std::string second) {
    co_await gather(car_on("first", first), car_on("second", second));
}

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: 17_redis_two_servers URL URL\n";
        return 2;
    }
    return run_main(program(argv[1], argv[2]));
}
