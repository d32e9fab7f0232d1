#include "tests/support/loop_watch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace oneloop::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

bool under_slow_tool() {
#if defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return true;
#endif
#endif
    const char* preloaded = std::getenv("LD_PRELOAD"); // valgrind enters a program this way
    return preloaded && std::string_view(preloaded).find("vgpreload") != std::string_view::npos;
}

// The beginning of a small file of /proc that is kept open: one system call, about a microsecond.
std::array<char, 256> content(int fd) {
    std::array<char, 256> text{};
    if (::pread(fd, text.data(), text.size() - 1, 0) < 0)
        text[0] = 0;
    return text;
}

} // namespace

loop_watch::duration loop_watch::default_limit() {
    static const bool slow = under_slow_tool();
    return slow ? 200ms : 50ms;
}

loop_watch::loop_watch(duration limit)
    : limit_(limit),
      schedstat_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)),
      stat_(::open("/proc/stat", O_RDONLY | O_CLOEXEC)) {}

loop_watch::~loop_watch() {
    ::close(schedstat_);
    ::close(stat_);
}

loop_watch::duration loop_watch::waited_for_core() const {
    const auto text = content(schedstat_);
    unsigned long long ran = 0, waited = 0;
    std::sscanf(text.data(), "%llu %llu", &ran, &waited);
    return std::chrono::nanoseconds(waited);
}

loop_watch::duration loop_watch::stolen() const {
    const auto text = content(stat_);
    unsigned long long ticks = 0;
    std::sscanf(text.data(), "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &ticks);
    return std::chrono::milliseconds(ticks * 1000 / static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK)));
}

// From just before a handler to just after it, also if it throws.
class loop_watch::measurement {
public:
    measurement(loop_watch& watch, duration may_have_waited) : watch_(watch), idle_(may_have_waited) {
        // Making /proc/stat is dear: the steal is counted from up to 100 ms before the handler.
        if (auto now = clock::now(); now - watch_.steal_read_at_ > 100ms) {
            watch_.steal_read_at_ = now;
            watch_.steal_before_ = watch_.stolen();
        }
        waited_ = watch_.waited_for_core();
        begin_ = clock::now();
    }
    ~measurement() {
        duration took = clock::now() - begin_ - idle_;
        if (took > watch_.limit_)
            took -= watch_.waited_for_core() - waited_ + watch_.stolen() - watch_.steal_before_;
        watch_.longest_ = std::max(watch_.longest_, took);
    }
    measurement(const measurement&) = delete;
    measurement& operator=(const measurement&) = delete;

private:
    loop_watch& watch_;
    duration idle_, waited_;
    clock::time_point begin_;
};

std::size_t loop_watch::run_one(boost::asio::io_context& loop, duration patience) {
    for (const auto end = clock::now() + patience;;) {
        {
            measurement measured(*this, 0ms);
            if (loop.poll_one())
                return 1;
        }
        // A loop out of work is stopped; before the end of patience another thread may wake it.
        if (loop.stopped() || clock::now() >= end)
            return 0;
        measurement measured(*this, 2ms);
        if (loop.run_one_for(2ms))
            return 1;
    }
}

void loop_watch::check() const {
    if (longest_ <= limit_)
        return;
    auto in_ms = [](duration d) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
    };
    throw std::runtime_error(
        "a handler stalled the loop for " + in_ms(longest_) + "; the limit is " + in_ms(limit_)
    );
}

void run_watched(boost::asio::io_context& loop) {
    loop_watch watch;
    while (!loop.stopped())
        watch.run_one(loop, std::chrono::seconds(1));
    watch.check();
}

std::size_t run_one_watched(boost::asio::io_context& loop, loop_watch::duration patience) {
    loop_watch watch;
    const std::size_t handlers = watch.run_one(loop, patience);
    watch.check();
    return handlers;
}

} // namespace oneloop::testing
