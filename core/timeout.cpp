#include "core/words.hpp"
#include <oneloop/deadline.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/steady_timer.hpp>

namespace oneloop::detail {

awaitable<bool> join_within(
    std::chrono::steady_clock::duration limit, std::shared_ptr<nursery> parent,
    std::shared_ptr<child> operation
) {
    boost::asio::steady_timer timer(parent->loop());
    auto expired = std::make_shared<bool>(false);
    timer.expires_at(deadline::in(limit).at());
    timer.async_wait([operation, expired](error_code stopped) {
        if (!stopped) {
            *expired = true;
            operation->cancel();
        }
    });
    co_await nursery::join(parent);
    co_return *expired;
}

void throw_timed_out(std::chrono::steady_clock::duration limit, const std::exception_ptr& how_it_ended) {
    failure told(errc::timed_out);
    try {
        std::rethrow_exception(how_it_ended);
    } catch (const error& known) {
        told.in(known.phase()).ended(known.outcome()).doing(known.failure().doing());
    } catch (...) {
    }
    throw error(told.limit("timeout " + in_words(limit)));
}

} // namespace oneloop::detail
