#pragma once

/// For tests of your own: coroutines that run in virtual time, and fail rather than hang.
///
///     testing::run([&]() -> awaitable<> {
///         const auto begin = loop_clock::now();
///         co_await sleep_for(1h);                        // takes no time at all
///         CHECK(loop_clock::now() - begin == 1h);        // exactly
///     });
///
/// Not part of `core.hpp`.

#include <oneloop/awaitable.hpp>
#include <oneloop/clock.hpp>
#include <oneloop/detail/task_state.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace oneloop::testing {

/// How `run` runs.
class run_options {
public:
    using duration = std::chrono::steady_clock::duration;

    run_options() = default;

    /// Real time after which the test has failed (10 s).
    run_options& limit(duration d) { return limit_ = d, *this; }
    duration limit() const noexcept { return limit_; }

    /// Time passes as it does outside of tests.
    run_options& real_time() { return virtual_ = false, *this; }
    bool is_virtual() const noexcept { return virtual_; }

    /// Virtual time jumps only when nothing has happened for this long in real time (0). For tests that talk
    /// to other processes or threads, whose answers take their time: without it, a time limit would strike
    /// first.
    run_options& wait_for_others(duration d) { return others_ = d, *this; }
    duration wait_for_others() const noexcept { return others_; }

    /// What still waits for something on the loop when the test has ended is no failure.
    run_options& allow_leftovers() { return leftovers_ = true, *this; }
    bool leftovers_allowed() const noexcept { return leftovers_; }

private:
    duration limit_ = std::chrono::seconds(10), others_{};
    bool virtual_ = true, leftovers_ = false;
};

/// The test did not end, or left something behind; `what()` says what is known of it.
class hung : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// A loop of its own, with the time that passes on it. It belongs to the thread that made it, on which there
/// is one in virtual time, or any number in real time; std::logic_error otherwise.
class loop {
public:
    explicit loop(run_options = {});
    ~loop();
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    boost::asio::io_context& context() noexcept;
    executor get_executor() noexcept { return context().get_executor(); }

    /// Runs `body` to its end and gives what it gives, or throws what it throws. Throws `hung` when it has
    /// not ended within the limit, or has left work on the loop.
    ///
    /// In virtual time every handler that is ready runs first. When none is, time jumps to the next point
    /// that a sleep, a time limit, a pool, a cache … waits for, unless a function is running in
    /// `run_blocking`. The timers inside of libcurl and c-ares, timers of Asio that are the test's own, and
    /// everything on other threads know real time only.
    template <class T>
    T run(awaitable<T> body) {
        auto state = std::make_shared<detail::task_state<T>>(get_executor());
        run_to_end(detail::task_state<T>::fill(state, std::move(body)), [state](std::exception_ptr why) {
            state->end(std::move(why));
        });
        return state->take();
    }

    /// Runs one handler, or has time jump once. False if there was nothing to do before `patience` of real
    /// time was over. For tests that are no coroutines.
    bool step(run_options::duration patience = {});

private:
    class inside;
    void run_to_end(awaitable<void> body, std::function<void(std::exception_ptr)> on_end);

    std::unique_ptr<inside> inside_;
};

/// Runs a test on a loop of its own: an awaitable, or a function that gives one.
template <class T>
T run(awaitable<T> body, run_options how = {}) {
    return loop(how).run(std::move(body));
}
template <class Body>
requires std::is_invocable_v<Body>
auto run(Body body, run_options how = {}) {
    return loop(how).run(body());
}

} // namespace oneloop::testing
