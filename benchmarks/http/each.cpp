// As many different URLs over many names, one after the other; beside floor/http_get.c with NAMES:
//   http_each AT_ONCE OPERATIONS BYTES URL NAMES
// All names are at the address of URL, whose path ends in "?". The peak of resident memory is that of the
// process until its end.

#include "benchmarks/support/stopwatch.hpp"
#include <oneloop/http.hpp>
#include <oneloop/resolver.hpp>
#include <oneloop/run.hpp>

#include <ranges>
#include <stdexcept>
#include <string>

using namespace oneloop;

// Where "http://127.0.0.1:80/1k?" is to be asked for under many names.
class site {
public:
    site(const std::string& url, std::size_t names) : names_(names) {
        const auto host = url.find("://") + 3, port = url.find(':', host);
        address_ = url.substr(host, port - host);
        rest_ = url.substr(port);
    }

    std::string url(std::size_t i) const { return "http://" + name(i % names_) + rest_ + std::to_string(i); }
    resolver_options addresses() const {
        resolver_options all;
        for (std::size_t i = 0; i < names_; ++i)
            all.override_name(name(i), address_);
        return all;
    }

private:
    static std::string name(std::size_t i) { return "n" + std::to_string(i) + ".bench"; }

    std::size_t names_;
    std::string address_, rest_;
};

awaitable<> program(
    std::size_t at_once, std::size_t operations, std::size_t bytes, std::string url, std::size_t names
) {
    const site where(url, names);
    auto loop = co_await this_coro::executor;
    // One connection is kept for each name.
    auto options = http::client_options().max_in_flight(names);
    http::client http(loop, options.resolve_with(std::make_shared<resolver>(loop, where.addresses())));

    auto check = [&](std::size_t from, std::size_t to) -> awaitable<> {
        auto url_of = [&](std::size_t i) { return where.url(i); };
        auto pages = http.fetch_each(std::views::iota(from, to) | std::views::transform(url_of), at_once);
        while (auto page = co_await pages.next())
            if (page->value().status() != 200 || page->value().body().size() != bytes)
                throw std::runtime_error("not the page");
    };
    const std::size_t first = operations / 10 + at_once; // unmeasured
    co_await check(0, first);
    const stopwatch time;
    co_await check(first, first + operations);
    time.print(static_cast<double>(operations));
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    std::printf("peak memory\tMiB\t%.1f\n", static_cast<double>(used.ru_maxrss) / 1024);
    co_await http.close();
}

int main(int, char** argv) {
    return run_main(
        program(std::stoul(argv[1]), std::stoul(argv[2]), std::stoul(argv[3]), argv[4], std::stoul(argv[5]))
    );
}
