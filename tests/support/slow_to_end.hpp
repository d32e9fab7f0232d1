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

/// Lets everything run that is ready, and what that makes ready: so many turns of the loop, whatever the
/// clock says.
inline awaitable<> turns(int count = 20) {
    for (int turn = 0; turn < count; ++turn)
        co_await sleep_for(std::chrono::seconds(0));
}

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
    co_await turns(5);
    log.push_back(name + " ended");
    throw error(cancelled());
}

/// Notes and gives its number after some turns of the loop.
inline awaitable<int> number_after(int count, int number, log_of* log = nullptr) {
    co_await turns(count);
    if (log)
        log->push_back(std::to_string(number));
    co_return number;
}

inline awaitable<> fails_after(int count, std::string why) {
    co_await turns(count);
    throw std::runtime_error(why);
}

} // namespace oneloop::testing
