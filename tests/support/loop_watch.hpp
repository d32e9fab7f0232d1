#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace oneloop::testing {

/// Runs the handlers of a loop and measures how long each kept the loop from everything else.
///
/// A stall is the wall time of a handler without the time that its thread waited for a core, nor what the
/// machine's host took away (steal): a busy machine is not our fault, a handler that sleeps is. Asio has no
/// hook around handlers, so they are run one at a time by poll_one(), which never waits.
class loop_watch {
public:
    using duration = std::chrono::steady_clock::duration;

    /// 50 ms, or four times as much under valgrind and ThreadSanitizer.
    static duration default_limit();

    explicit loop_watch(duration limit = default_limit());
    ~loop_watch();
    loop_watch(const loop_watch&) = delete;
    loop_watch& operator=(const loop_watch&) = delete;

    /// Runs one handler of a loop that no other thread runs. 0 if none was ready within `patience` or the
    /// loop has no work left. What the handler throws passes through.
    std::size_t run_one(boost::asio::io_context& loop, duration patience);

    duration longest() const noexcept { return longest_; }

    /// Throws std::runtime_error if a handler stalled the loop beyond the limit.
    void check() const;

private:
    class measurement;

    duration waited_for_core() const;
    duration stolen() const;

    duration limit_;
    duration longest_{};
    int schedstat_, stat_;
    std::chrono::steady_clock::time_point steal_read_at_{};
    duration steal_before_{};
};

/// For tests that drive a loop themselves: io_context::run() and run_one_for(), watched. They throw after a
/// stall.
void run_watched(boost::asio::io_context& loop);
std::size_t run_one_watched(boost::asio::io_context& loop, loop_watch::duration patience);

} // namespace oneloop::testing
