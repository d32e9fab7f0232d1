#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/detail/promise_state.hpp>
#include <oneloop/future.hpp>

namespace oneloop::detail {

namespace asio = boost::asio;

// Handlers are posted under the state's lock: abandon() takes it too, so the loop cannot die in the middle of
// a post from another thread.
struct promise_state::waiter final : pending {
    waiter(const executor& loop, std::shared_ptr<promise_state> s, completion<> h)
        : pending(pending_registry::of(loop)), state(std::move(s)), handler(std::move(h)) {}

    void abandon() noexcept override { auto dies_unlocked = take_handler(); }
    void cancel() {
        if (auto leaves = take_handler())
            leaves.fail(cancelled().doing("future::get"));
    }
    completion<> take_handler() {
        std::lock_guard lock(state->mutex_);
        if (handler)
            state->waiter_ = nullptr; // whoever calls this keeps it alive
        return std::move(handler);
    }

    static void start(const std::shared_ptr<promise_state>& state, completion<> done, executor loop);

    const std::shared_ptr<promise_state> state;
    completion<> handler;
};

// On the loop of the coroutine that waits.
void promise_state::waiter::start(
    const std::shared_ptr<promise_state>& state, completion<> done, executor loop
) {
    auto link = cancel_link::connect(done.slot(), loop);
    auto w = std::make_shared<waiter>(loop, state, std::move(done));
    std::unique_lock lock(state->mutex_);
    if (state->settled_ || state->waiter_) {
        const bool settled = state->settled_;
        auto handler = std::move(w->handler);
        lock.unlock();
        if (settled)
            return handler.succeed();
        return handler.fail(failure(errc::invalid_argument)
                                .because("another coroutine waits for this future already")
                                .doing("future::get"));
    }
    state->waiter_ = w;
    lock.unlock();
    if (!link)
        return;
    w->listen_to(link);
    link->when_requested([weak = std::weak_ptr(w)] {
        if (const auto alive = weak.lock())
            alive->cancel();
    });
}

promise_state::~promise_state() = default;

bool promise_state::ready() const {
    std::lock_guard lock(mutex_);
    return settled_;
}

void promise_state::settle(std::exception_ptr why) noexcept {
    std::shared_ptr<waiter> waits; // outlives the lock, and keeps the loop's end waiting for it
    std::lock_guard lock(mutex_);
    why_ = std::move(why);
    settled_ = true;
    waits = std::move(waiter_);
    if (!waits)
        return;
    auto handler = std::move(waits->handler);
    handler.succeed();
}

bool promise_state::fail(std::exception_ptr why) {
    if (!claim())
        return false;
    settle(std::move(why));
    return true;
}

void promise_state::promise_is_gone() noexcept {
    if (claim())
        settle(std::make_exception_ptr(
            error(failure(errc::closed).because("the promise was destroyed without a value"))
        ));
}

namespace {

// Made in a plain function, because g++ 12.2 destroys the captures of an initiation made inside a coroutine
// twice.
template <class Start>
auto settled(const std::shared_ptr<promise_state>& state, const executor& loop, Start start) {
    throwing_t token;
    return asio::async_initiate<throwing_t, void(error_code)>(
        initiation<promise_state, Start>(loop, state, start), token, loop
    );
}

} // namespace

awaitable<void> promise_state::wait(std::shared_ptr<promise_state> self) {
    if (self->ready())
        co_return;
    auto loop = co_await this_coro::executor;
    co_await settled(self, loop, &waiter::start);
}

} // namespace oneloop::detail
