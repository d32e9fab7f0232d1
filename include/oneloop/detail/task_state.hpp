#pragma once

/// What a started coroutine leaves behind, and those who wait for it.

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace oneloop::detail {

using nothing = std::monostate;

template <class T>
class task_state {
public:
    using stored = std::conditional_t<std::is_void_v<T>, nothing, T>;

    explicit task_state(const executor& loop) : waiters_(std::make_shared<wait_list>(loop)) {}

    bool done() const noexcept { return done_; }

    /// Runs `body` and keeps its value. What it throws passes on to the nursery, and comes back through
    /// end().
    static awaitable<void> fill(std::shared_ptr<task_state> self, awaitable<T> body) {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            self->value_.emplace();
        } else {
            auto value = co_await std::move(body);
            self->value_.emplace(std::move(value));
        }
    }

    /// The coroutine has ended, or was cancelled before it began.
    void end(std::exception_ptr why) {
        error_ = std::move(why);
        done_ = true;
        waiters_->notify_all();
    }

    static awaitable<T> get(std::shared_ptr<task_state> self) {
        if (!self->done_)
            co_await self->waiters_->wait();
        co_return self->take();
    }

    T take() {
        if (error_)
            std::rethrow_exception(error_);
        if (!value_)
            throw error(failure(errc::closed).because("the loop ended before the coroutine did"));
        if constexpr (!std::is_void_v<T>)
            return std::move(*value_);
    }

    bool has_value() const noexcept { return value_.has_value(); }
    const std::exception_ptr& failed_with() const noexcept { return error_; }

private:
    std::shared_ptr<wait_list> waiters_;
    std::optional<stored> value_;
    std::exception_ptr error_;
    bool done_ = false;
};

} // namespace oneloop::detail
