// What an idle http::client takes, never used or with a connection that it keeps after one request.
//   memory_http unused|used COUNT URL

#include "benchmarks/memory/measure.hpp"
#include <oneloop/http.hpp>

#include <deque>
#include <string>

using namespace oneloop;

awaitable<> program(std::string kind, int count, std::string url) {
    const auto loop = co_await this_coro::executor;
    std::deque<http::client> kept;
    auto make = [&]() -> awaitable<> {
        auto& http = kept.emplace_back(loop);
        if (kind == "unused")
            co_return;
        auto page = co_await http.get(url);
        page.throw_for_status();
    };
    co_await measure_memory(count, make);
}

int main(int, char** argv) {
    return run_main(program(argv[1], std::stoi(argv[2]), argv[3]));
}
