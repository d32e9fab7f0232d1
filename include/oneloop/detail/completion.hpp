#pragma once

/// The handler of one operation after its type was erased: it is called exactly once, never inside the
/// initiating call, and through its own executor. This is where the templates of the public headers end.

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/detail/story.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <memory>

namespace oneloop::detail {

template <class... Results>
class completion {
public:
    completion() = default;
    completion(completion&&) = default;
    // Boost 1.81's any_completion_handler recurses without end when it is move-assigned
    completion& operator=(completion&&) = delete;

    /// `loop` runs a handler that has no executor of its own.
    template <class Handler>
    completion(Handler handler, const executor& loop)
        : story_(story_of(handler)),
          work_(boost::asio::prefer(
              executor(boost::asio::get_associated_executor(handler, loop)),
              boost::asio::execution::outstanding_work.tracked
          )),
          handler_(std::move(handler)) {
        if (!same_context(work_, loop))
            elsewhere_ = pending_registry::of(work_);
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handler_); }

    /// Where a cancellation request arrives. It is disconnected before the handler is called, so what was put
    /// there need not outlive the operation.
    boost::asio::cancellation_slot slot() const noexcept {
        return boost::asio::get_associated_cancellation_slot(handler_);
    }

    void succeed(Results... results) { finish(&completion::later, error_code(), std::move(results)...); }
    void fail(failure why) { fail(&completion::later, std::move(why)); }

    /// From a handler of the loop: the caller's handler may run before this returns, and may destroy what is
    /// around.
    void succeed_here(Results... results) { finish(&completion::here, error_code(), std::move(results)...); }

private:
    struct bound;

    void fail(void (*how)(executor, bound), failure why) {
        if (!handler_)
            return; // and the place for the story may be gone as well
        const error_code code = why.code();
        if (story_)
            *story_ = std::move(why);
        finish(how, code, Results()...);
    }

    void finish(void (*how)(executor, bound), error_code code, Results... results) {
        if (!handler_)
            return; // abandoned: the context it belonged to is gone
        bound call{std::move(handler_), code, std::tuple<Results...>(std::move(results)...)};
        if (elsewhere_)
            send(*elsewhere_, std::move(work_), std::move(call));
        else
            how(std::move(work_), std::move(call));
    }

    // To a loop of another thread, which may end, and be destroyed, as soon as it has the call: under the
    // lock it cannot, and nothing of it is left here when this returns.
    static void send(pending_registry& there, executor work, bound call) {
        std::lock_guard lock(there.mutex);
        const executor run_on = boost::asio::prefer(work, boost::asio::execution::outstanding_work.untracked);
        call.work = std::move(work);
        if (!there.dead)
            boost::asio::post(run_on, std::move(call));
    }

    static bool same_context(const executor& a, const executor& b) {
        const auto context = [](const executor& e) -> auto& {
            return boost::asio::query(e, boost::asio::execution::context);
        };
        return &context(a) == &context(b);
    }

    static void later(executor loop, bound call) { boost::asio::post(loop, std::move(call)); }
    static void here(executor loop, bound call) { run_on(loop, std::move(call)); }

    using handler_type = boost::asio::any_completion_handler<void(error_code, Results...)>;

    struct bound {
        handler_type handler;
        error_code code;
        std::tuple<Results...> results;
        executor work = executor(); // of a loop elsewhere, until the handler was called there

        void operator()() {
            // Here, because the slot belongs to the handler's executor, which may not be the operation's
            if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected())
                slot.clear();
            std::apply([this](auto&... values) { std::move(handler)(code, std::move(values)...); }, results);
        }
    };

    failure* story_ = nullptr;
    executor work_; // keeps the handler's loop running until the handler was called
    std::shared_ptr<pending_registry> elsewhere_; // of the handler's loop, if that is not the operation's
    handler_type handler_;
};

/// What an initiating function hands to Asio: calls `Start(engine, completion, args…)` with the handler
/// erased. It shares the engine, so that an operation that was deferred may be started after the client's own
/// end.
template <class Engine, class Start, class... Results>
class initiation {
public:
    using executor_type = executor;

    initiation(executor loop, std::shared_ptr<Engine> engine, Start start)
        : loop_(std::move(loop)), engine_(std::move(engine)), start_(start) {}

    executor_type get_executor() const noexcept { return loop_; }

    template <class Handler, class... Args>
    void operator()(Handler&& handler, Args&&... args) const {
        start_(
            engine_, completion<Results...>(std::forward<Handler>(handler), loop_),
            std::forward<Args>(args)...
        );
    }

private:
    executor loop_;
    std::shared_ptr<Engine> engine_;
    Start start_;
};

} // namespace oneloop::detail
