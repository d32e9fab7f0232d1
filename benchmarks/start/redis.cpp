// One value, of the key "value", from the server that is given.

#include <oneloop/redis.hpp>

using namespace oneloop;

awaitable<int> program(std::string url) {
    redis::client redis(co_await this_coro::executor, redis::options::from_url(url));
    auto value = co_await redis.get("value");
    co_await redis.close();
    co_return value && value->size() == 100 ? 0 : 1;
}

int main(int, char** argv) {
    return run_main(program(argv[1]));
}
