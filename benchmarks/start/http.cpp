// One page from the URL that is given.

#include <oneloop/http.hpp>

using namespace oneloop;

awaitable<int> program(std::string url) {
    http::client http(co_await this_coro::executor);
    auto page = co_await http.get(std::move(url));
    co_await http.close();
    co_return page.status() == 200 && page.body().size() == 1024 ? 0 : 1;
}

int main(int, char** argv) {
    return run_main(program(argv[1]));
}
