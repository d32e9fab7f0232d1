#include "core/sigpipe.hpp"
#include <oneloop/detail/nursery.hpp>
#include <oneloop/run.hpp>

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>

namespace oneloop {
namespace detail {

namespace asio = boost::asio;

namespace {

// The first SIGINT or SIGTERM cancels; its default action is restored then, so that a second one ends the
// program.
// Shared with its handlers, because a loop that somebody stops leaves them behind.
class interrupts : public std::enable_shared_from_this<interrupts> {
public:
    explicit interrupts(asio::io_context& loop) : signals_(loop) {
        for (int number : {SIGINT, SIGTERM})
            if (has_default_action(number))
                signals_.add(number);
    }

    template <class Cancel>
    void cancel_with(Cancel cancel) {
        signals_.async_wait([self = shared_from_this(), this, cancel](error_code stopped, int number) {
            if (stopped)
                return;
            number_ = number;
            signals_.clear();
            cancel();
        });
    }

    void stop() {
        error_code ignored;
        signals_.clear(ignored);
        signals_.cancel(ignored);
    }

    int number() const noexcept { return number_; }

private:
    asio::signal_set signals_;
    int number_ = 0;
};

} // namespace

void run_to_end(
    asio::io_context& loop, awaitable<void> body, std::function<void(std::exception_ptr)> on_end
) {
    ignore_sigpipe();
    auto signals = std::make_shared<interrupts>(loop);
    auto program = std::make_shared<nursery>(loop.get_executor(), 1);
    auto ended = std::make_shared<bool>(false);
    program->start(std::move(body), [signals, ended, on_end = std::move(on_end)](std::exception_ptr why) {
        *ended = true;
        signals->stop();
        if (signals->number() && is_cancellation(why))
            why = std::make_exception_ptr(error(error_code(signals->number(), signal_category())));
        on_end(why);
    });
    signals->cancel_with([program] { program->cancel(); });

    // Of something that was spawned: the program has to end before it is thrown on.
    std::exception_ptr escaped;
    if (loop.stopped())
        loop.restart();
    while (!*ended) {
        try {
            if (loop.run_one() == 0)
                break;
        } catch (...) {
            if (!escaped)
                escaped = std::current_exception();
            program->cancel();
        }
    }
    signals->stop();
    // What the program left on its way out, such as the handlers of a client that it destroyed
    if (!escaped)
        loop.poll();
    if (escaped)
        std::rethrow_exception(escaped);
}

int exit_status(const std::exception_ptr& why) noexcept {
    try {
        std::rethrow_exception(why);
    } catch (const boost::system::system_error& e) {
        if (e.code().category() == signal_category())
            return 128 + e.code().value();
        std::fprintf(stderr, "error: %s\n", e.what());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "error: %s\n", e.what());
    } catch (...) {
        std::fprintf(stderr, "error: an exception that is no std::exception\n");
    }
    return 1;
}

} // namespace detail

void spawn(executor loop, awaitable<void> body) {
    auto alone = std::make_shared<detail::nursery>(std::move(loop), 1);
    alone->start(std::move(body), [](std::exception_ptr why) {
        if (why)
            std::rethrow_exception(why);
    });
}

} // namespace oneloop
