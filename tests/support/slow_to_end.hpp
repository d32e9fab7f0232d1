#pragma once

#include <oneloop/error.hpp>
#include <oneloop/sleep.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace oneloop::testing {

/// What happened, in this order.
using log_of = std::vector<std::string>;

/// Waits for ever, and when it is cancelled needs several turns of the loop to end: whoever has to await it,
/// does not go on before `log` says "<name> ended".
inline awaitable<> slow_to_end(log_of& log, std::string name) {
    log.push_back(name + " began");
    try {
        co_await sleep_for(std::chrono::hours(1));
    } catch (const boost::system::system_error&) {
        log.push_back(name + " cancelled");
    }
    co_await this_coro::reset_cancellation_state();
    for (int turn = 0; turn < 5; ++turn)
        co_await sleep_for(std::chrono::seconds(0));
    log.push_back(name + " ended");
    throw error(cancelled());
}

/// Notes and gives its number after some turns of the loop.
inline awaitable<int> number_after(int turns, int number, log_of* log = nullptr) {
    for (int turn = 0; turn < turns; ++turn)
        co_await sleep_for(std::chrono::seconds(0));
    if (log)
        log->push_back(std::to_string(number));
    co_return number;
}

inline awaitable<> fails_after(int turns, std::string why) {
    for (int turn = 0; turn < turns; ++turn)
        co_await sleep_for(std::chrono::seconds(0));
    throw std::runtime_error(why);
}

} // namespace oneloop::testing
