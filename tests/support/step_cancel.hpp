#pragma once

/// Cancels an operation after its k-th handler for k = 0, 1, 2 … until it completes before it is cancelled.
/// Every time it has to complete exactly once, not inside the call that starts it, with success or as
/// cancelled, and leave nothing.

#include "tests/support/loop_watch.hpp"
#include "tests/support/resources.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace oneloop::testing {

class step_cancel_options {
public:
    step_cancel_options() = default;
    step_cancel_options& type(boost::asio::cancellation_type t) { return type_ = t, *this; }
    step_cancel_options& also_allowed(condition c) { return allowed_.push_back(c), *this; }
    step_cancel_options& at_most(std::size_t steps) { return most_ = steps, *this; }
    /// For all rounds together; what a server in the same process remembers counts as well.
    step_cancel_options& heap_growth(std::size_t bytes) { return heap_growth_ = bytes, *this; }

    boost::asio::cancellation_type type_ = boost::asio::cancellation_type::all;
    std::vector<condition> allowed_{condition::cancelled};
    std::size_t most_ = 100'000;
    std::size_t heap_growth_ = 16 * 1024;
};

/// What came of the operation in one round.
class step_result {
public:
    /// The handler of the operation is made by this.
    void completed(error_code code) { ++completions_, code_ = code; }
    void completed(const std::exception_ptr& why);

    int completions_ = 0;
    error_code code_;
    std::exception_ptr unexpected_;
};

/// Starts the operation on the loop given, such that it tells the result and can be cancelled through the
/// slot. What it returns is kept until the operation has completed: a client, say.
using start_function = std::function<
    std::shared_ptr<void>(boost::asio::io_context&, step_result&, boost::asio::cancellation_slot)>;

/// How many handlers the operation ran when nobody cancelled it.
std::size_t step_through(const start_function& start, const step_cancel_options& options);

/// For operations with a completion token. `make(loop)` gives a function object that is called with the
/// token: `step_cancel([](auto& loop) { return [t = timer(loop)](auto token) mutable { t.async_wait(token);
/// }; })`
template <class Make>
std::size_t step_cancel(Make make, step_cancel_options options = {}) {
    auto start = [&make](
                     boost::asio::io_context& loop, step_result& result, boost::asio::cancellation_slot slot
                 ) {
        auto operation = std::make_shared<decltype(make(loop))>(make(loop));
        (*operation)(boost::asio::bind_cancellation_slot(slot, [&result](error_code code, const auto&...) {
            result.completed(code);
        }));
        return std::shared_ptr<void>(operation);
    };
    return step_through(start, options);
}

/// For coroutines: `make(executor)` gives the awaitable.
template <class Make>
std::size_t step_cancel_awaitable(Make make, step_cancel_options options = {}) {
    auto start =
        [&make](boost::asio::io_context& loop, step_result& result, boost::asio::cancellation_slot slot) {
            auto done = [&result](std::exception_ptr why, const auto&...) { result.completed(why); };
            boost::asio::post(loop, [&loop, &make, slot, done] {
                boost::asio::co_spawn(
                    loop, make(executor(loop.get_executor())), boost::asio::bind_cancellation_slot(slot, done)
                );
            });
            // Up to its first wait. What is cancelled between co_spawn and there makes Asio's own coroutine
            // throw out of the loop from Boost 1.83 on, whatever it was to run.
            loop.run_one();
            return std::shared_ptr<void>();
        };
    return step_through(start, options);
}

} // namespace oneloop::testing
