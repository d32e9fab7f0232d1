#pragma once

/// What a promise and its future share. The promise may be kept on any thread, the future waits on its loop.

#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

namespace oneloop::detail {

class promise_state {
public:
    promise_state() = default;
    virtual ~promise_state();
    promise_state(const promise_state&) = delete;
    promise_state& operator=(const promise_state&) = delete;

    bool ready() const;

    /// True for the first who calls it: the right, and the duty, to settle or to give the claim up.
    bool claim() noexcept { return !claimed_.exchange(true); }
    void unclaim() noexcept { claimed_ = false; }
    /// Null for a value, which is in its place by now.
    void settle(std::exception_ptr why) noexcept;

    bool fail(std::exception_ptr why);
    void promise_is_gone() noexcept;

    /// Ends when it is settled. Cancelling leaves the state as if nobody had waited.
    static awaitable<void> wait(std::shared_ptr<promise_state> self);

protected:
    void rethrow() const {
        if (why_)
            std::rethrow_exception(why_);
    }

private:
    struct waiter;

    std::atomic<bool> claimed_ = false;
    mutable std::mutex mutex_;
    bool settled_ = false;
    std::exception_ptr why_; // fixed once it is settled, as is the value
    std::shared_ptr<waiter> waiter_;
};

template <class T>
class typed_promise_state final : public promise_state {
public:
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    template <class... Args>
    bool set_value(Args&&... args) {
        if (!claim())
            return false;
        try {
            value_.emplace(std::forward<Args>(args)...);
        } catch (...) {
            unclaim();
            throw;
        }
        settle(nullptr);
        return true;
    }

    T take() {
        rethrow();
        if (!value_)
            throw error(failure(errc::invalid_argument).because("the future's value was taken already"));
        if constexpr (std::is_void_v<T>)
            return;
        else
            return *std::exchange(value_, std::nullopt);
    }

private:
    std::optional<stored> value_;
};

} // namespace oneloop::detail
