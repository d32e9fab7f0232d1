#include "core/sigpipe.hpp"
#include <oneloop/detail/nursery.hpp>
#include <oneloop/run.hpp>

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace oneloop {
namespace detail {

namespace asio = boost::asio;

namespace {

// Programs in several threads may each have a loop: a signal that one of them has taken is there for the next
// as well. (Asio tells every signal_set of the process.)
std::mutex signals_mutex;
std::map<int, int> programs_with_signal;

std::vector<int> take_signals(asio::signal_set& signals) {
    std::lock_guard lock(signals_mutex);
    std::vector<int> taken;
    for (int number : {SIGINT, SIGTERM})
        if (programs_with_signal[number] > 0 || has_default_action(number)) {
            signals.add(number);
            ++programs_with_signal[number];
            taken.push_back(number);
        }
    return taken;
}

void give_back_signals(const std::vector<int>& taken) {
    std::lock_guard lock(signals_mutex);
    for (int number : taken)
        --programs_with_signal[number];
}

// One call of run. Handlers may be left in a loop that goes on afterwards, so they find it only while it
// lives.
class program : public std::enable_shared_from_this<program> {
public:
    using end_function = std::function<void(std::exception_ptr)>;

    ~program() { leave_signals(); }
    program(asio::io_context& loop, end_function on_end)
        : loop_(loop),
          on_end_(std::move(on_end)),
          signals_(loop),
          children_(std::make_shared<nursery>(loop.get_executor(), 1)) {}

    void run(awaitable<void> body) {
        cancel_at_signal();
        children_->start(std::move(body), [weak = weak_from_this()](std::exception_ptr why) {
            if (auto self = weak.lock())
                self->ended(std::move(why));
        });
        // Of something that was spawned: the program has to end before it is thrown on
        std::exception_ptr escaped;
        if (loop_.stopped())
            loop_.restart();
        while (!ended_) {
            try {
                if (loop_.run_one() == 0)
                    break; // stopped by somebody else
            } catch (...) {
                if (!escaped)
                    escaped = std::current_exception();
                children_->cancel();
            }
        }
        leave_signals();
        if (escaped)
            std::rethrow_exception(escaped);
        // What the program left on its way out, such as the handlers of a client that it destroyed
        loop_.poll();
    }

private:
    // The default action of a signal is restored with the first, so that a second one ends the program.
    void cancel_at_signal() {
        taken_ = take_signals(signals_);
        signals_.async_wait([weak = weak_from_this()](error_code stopped, int number) {
            auto self = weak.lock();
            if (stopped || !self || self->ended_)
                return;
            self->signal_ = number;
            self->leave_signals();
            self->children_->cancel();
        });
    }

    void leave_signals() {
        give_back_signals(std::exchange(taken_, {}));
        error_code ignored;
        signals_.clear(ignored);
        signals_.cancel(ignored); // clear() leaves a wait for no signal at all, and a loop that never ends
    }

    void ended(std::exception_ptr why) {
        ended_ = true;
        if (signal_ != 0 && is_cancellation(why))
            why = std::make_exception_ptr(error(error_code(signal_, signal_category())));
        std::exchange(on_end_, nullptr)(std::move(why));
    }

    asio::io_context& loop_;
    end_function on_end_;
    asio::signal_set signals_;
    std::shared_ptr<nursery> children_;
    std::vector<int> taken_;
    int signal_ = 0;
    bool ended_ = false;
};

} // namespace

void run_to_end(
    asio::io_context& loop, awaitable<void> body, std::function<void(std::exception_ptr)> on_end
) {
    ignore_sigpipe();
    const auto one_call = std::make_shared<program>(loop, std::move(on_end));
    one_call->run(std::move(body));
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
    } catch (const failure& f) { // `throw r.error();` where `throw error(r.error());` was meant
        std::fprintf(stderr, "error: %s\n", f.message().c_str());
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
