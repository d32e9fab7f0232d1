// The blocking library on the thread pool, awaited: 1 s as well, and a thread for each.

#include "blocking_download.hpp"
#include "urls.hpp"
#include <oneloop/core.hpp>

#include <ranges>

using namespace oneloop;

awaitable<> save(std::string url) {
    const std::string name = file_name(url);
    const long size = co_await run_blocking(download_blocking, url, name);
    std::cout << name << ": " << size << " bytes"
              << "\n";
}

awaitable<> program(std::vector<std::string> urls) {
    co_await gather(urls | std::views::transform(save));
}

// Ctrl-C ends the program when its threads have ended: a function that blocks cannot be interrupted.
int main(int argc, char** argv) {
    curl_global_init(CURL_GLOBAL_DEFAULT); // once, before there are threads
    return run_main(program(urls_of(argc, argv)));
}
