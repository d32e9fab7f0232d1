// The same downloads at once on one thread: three of 1 s each take 1 s.

#include "urls.hpp"
#include <oneloop/http.hpp>

#include <filesystem>
#include <ranges>

using namespace oneloop;

awaitable<> save(http::client& http, std::string url) {
    // The example's server signed its certificate itself. Only this request trusts it, and the name says what
    // that means.
    http::request_options options;
    options.dangerously_accept_any_certificate();
    // The name is made from the URL, and can do no harm; a file that is there already is not overwritten.
    auto answer = co_await http.download_into(url, ".", options);
    answer.throw_for_status();
    std::cout << std::filesystem::path(answer.file()).filename().string() << ": " << answer.body_size()
              << " bytes\n";
}

awaitable<> program(std::vector<std::string> urls) {
    http::client http(co_await this_coro::executor);
    auto start = [&](const std::string& url) { return save(http, url); };
    co_await gather(urls | std::views::transform(start));
    co_await http.close();
}

int main(int argc, char** argv) {
    return run_main(program(urls_of(argc, argv)));
}
