#include "core/virtual_time.hpp"
#include "core/words.hpp"
#include <oneloop/detail/nursery.hpp>
#include <oneloop/testing.hpp>

#include <optional>
#include <string>

namespace oneloop::testing {

using clock = std::chrono::steady_clock;

class loop::inside {
public:
    explicit inside(run_options how) : how_(how) {
        if (how_.is_virtual())
            time_.emplace();
        else if (virtual_time::here())
            throw std::logic_error("virtual time passes on this thread");
    }

    boost::asio::io_context& context() noexcept { return context_; }

    // Waits for others, so that virtual time does not run away from them, and never beyond `end`.
    bool step(clock::time_point end) {
        if (context_.stopped())
            context_.restart(); // it had no work, and has some again
        if (context_.poll_one())
            return true;
        if (!time_)
            return run_one_until(end);
        const auto others = std::max(how_.wait_for_others(), clock::duration::zero());
        if (others > clock::duration::zero() && run_one_until(std::min(end, clock::now() + others)))
            return true;
        return time_->jump() || run_one_until(std::min(end, clock::now() + std::chrono::milliseconds(10)));
    }

    void run(awaitable<void> body, detail::child::end_function on_end) {
        auto alone = std::make_shared<detail::nursery>(context_.get_executor(), 1);
        bool ended = false;
        alone->start(std::move(body), [&](std::exception_ptr why) {
            ended = true;
            on_end(std::move(why));
        });
        const auto end = clock::now() + how_.limit();
        while (!ended && clock::now() < end)
            step(end);
        if (!ended)
            throw hung(
                "the test has not ended after " + in_words(how_.limit()) +
                (time_ ? ", and " + in_words(time_->passed()) + " of virtual time passed" : "") + ": " +
                what_waits()
            );
        finish();
    }

private:
    bool run_one_until(clock::time_point end) { return context_.run_one_until(end) != 0; }

    // What is on its way out, such as the handlers of a client that was destroyed, is no leftover; nor does
    // time jump for it.
    void finish() {
        const auto end = clock::now() + how_.limit();
        while (!context_.stopped() && clock::now() < end)
            if (!context_.poll_one()) {
                if (how_.leftovers_allowed() || (time_ && time_->timers()))
                    break;
                context_.run_one_until(std::min(end, clock::now() + std::chrono::milliseconds(10)));
            }
        if (!context_.stopped() && !how_.leftovers_allowed())
            throw hung("the test has ended and left something behind: " + what_waits());
    }

    std::string what_waits() const {
        if (!time_)
            return "something waits on its loop";
        if (time_->held())
            return "a function is running in run_blocking";
        if (const auto timers = time_->timers())
            return std::to_string(timers) + (timers == 1 ? " timer runs" : " timers run") + " on its loop";
        return "something waits on its loop, and not for a time";
    }

    run_options how_;
    std::optional<virtual_time> time_; // outlives the loop, whose handlers read it
    boost::asio::io_context context_{1};
};

loop::loop(run_options how) : inside_(std::make_unique<inside>(how)) {}
loop::~loop() = default;

boost::asio::io_context& loop::context() noexcept {
    return inside_->context();
}

bool loop::step(run_options::duration patience) {
    return inside_->step(clock::now() + patience);
}

void loop::run_to_end(awaitable<void> body, std::function<void(std::exception_ptr)> on_end) {
    inside_->run(std::move(body), std::move(on_end));
}

} // namespace oneloop::testing
