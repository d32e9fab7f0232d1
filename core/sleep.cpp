#include <oneloop/deadline.hpp>
#include <oneloop/sleep.hpp>
#include <oneloop/token.hpp>

#include <boost/asio/steady_timer.hpp>

namespace oneloop {

awaitable<void> sleep_for(std::chrono::steady_clock::duration duration) {
    boost::asio::steady_timer timer(co_await this_coro::executor);
    timer.expires_at(deadline::in(duration).at());
    co_await timer.async_wait(throwing);
}

} // namespace oneloop
