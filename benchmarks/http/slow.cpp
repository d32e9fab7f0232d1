// Many transfers at once from a server that takes its time, on one loop: what each takes, and for how long
// the loop was kept from everything else.
//   http_slow AT_ONCE BYTES URL

#include "tests/support/loop_watch.hpp"
#include <oneloop/http.hpp>
#include <oneloop/run.hpp>
#include <oneloop/sleep.hpp>
#include <oneloop/task.hpp>

#include <boost/asio/io_context.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <stdexcept>

using namespace oneloop;

static double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double size = 0, resident = 0;
    if (!(file >> size >> resident))
        throw std::runtime_error("/proc/self/statm cannot be read");
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

static void raise_descriptor_limit(std::size_t needed) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < needed)
        throw std::runtime_error(
            "this process may have " + std::to_string(limit.rlim_max) + " descriptors, and " +
            std::to_string(needed) + " are needed (ulimit -H -n)"
        );
}

static awaitable<> program(std::size_t at_once, std::size_t bytes, std::string url, double& held) {
    auto limits = http::client_options().max_in_flight(at_once).max_in_flight_per_host(at_once);
    http::client http(co_await this_coro::executor, limits);
    auto one = [&]() -> awaitable<> {
        auto page = co_await http.get(url);
        if (page.status() != 200 || page.body().size() != bytes)
            throw std::runtime_error("not the page");
    };
    auto all = [&](task_group& tasks) -> awaitable<> {
        for (std::size_t i = 0; i < at_once; ++i)
            tasks.spawn(one());
        co_await sleep_for(std::chrono::seconds(5)); // by then they are connected, and long from their end
        if (http.stats().in_flight != at_once)
            throw std::runtime_error("the server is too fast: not all are under way");
        held = resident_bytes();
    };
    co_await with_task_group(std::ref(all));
    co_await http.close();
}

int main(int, char** argv) {
    const std::size_t at_once = std::stoul(argv[1]);
    try {
        raise_descriptor_limit(at_once + 100);
        boost::asio::io_context loop(1);
        oneloop::testing::loop_watch watch(std::chrono::hours(1));
        const double before = resident_bytes();
        double held = 0;
        std::exception_ptr failed;
        auto whole = [&]() -> awaitable<> {
            try {
                co_await program(at_once, std::stoul(argv[2]), argv[3], held);
            } catch (...) {
                failed = std::current_exception();
            }
        };
        spawn(loop.get_executor(), whole());
        while (watch.run_one(loop, std::chrono::minutes(1)))
            ;
        if (failed)
            std::rethrow_exception(failed);
        std::printf("resident, each\tKiB\t%.1f\n", (held - before) / 1024 / static_cast<double>(at_once));
        std::printf(
            "longest turn\tms\t%.1f\n", std::chrono::duration<double, std::milli>(watch.longest()).count()
        );
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "http_slow: %s\n", e.what());
        return 1;
    }
}
