// The README's program: downloads the URLs it is given, all at once.

#include <oneloop/http.hpp>

#include <iostream>
#include <ranges>

using namespace oneloop;

awaitable<> program(std::vector<std::string> urls) {
    http::client http(co_await this_coro::executor);
    auto fetch = [&](const std::string& url) { return http.get(url, nothrow); };
    auto answers = co_await gather(urls | std::views::transform(fetch));
    for (const auto& answer : answers)
        if (answer)
            std::cout << answer->url() << ": " << answer->status() << ", " << answer->body().size()
                      << " bytes\n";
        else
            std::cout << answer.error().message() << "\n";
    co_await http.close();
}

int main(int argc, char** argv) {
    return run_main(program({argv + 1, argv + argc}));
}
