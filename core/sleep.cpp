#include "core/loop_timer.hpp"
#include <oneloop/sleep.hpp>
#include <oneloop/token.hpp>

namespace oneloop {

awaitable<void> sleep_for(std::chrono::steady_clock::duration duration) {
    loop_timer timer(co_await this_coro::executor);
    timer.expires_at(deadline::in(duration));
    co_await timer.async_wait(throwing);
}

} // namespace oneloop
