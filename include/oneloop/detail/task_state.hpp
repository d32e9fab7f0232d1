#pragma once

/// What a started coroutine leaves behind, and those who wait for it.

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/error.hpp>

#include <boost/intrusive/list.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace oneloop::detail {

using nothing = std::monostate;

class nursery;

/// Called once when a coroutine ends. Whoever wants to know keeps it, for as long as it wants to know.
class end_watch : public boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::link_mode_type::auto_unlink>> {
public:
    virtual void ended() = 0;

protected:
    end_watch() = default;
    ~end_watch() = default;
};

/// What can be known of a coroutine whatever it gives.
class task_end {
public:
    explicit task_end(const executor& loop) : waiters_(std::make_shared<wait_list>(loop)) {}
    ~task_end();
    task_end(const task_end&) = delete;
    task_end& operator=(const task_end&) = delete;

    bool done() const noexcept { return done_; }
    const std::exception_ptr& failed_with() const noexcept { return error_; }

    /// The coroutine has ended, or was cancelled before it began.
    void end(std::exception_ptr why);

    void notify(end_watch& watch) { watches_.push_back(watch); }
    awaitable<void> wait() { return waiters_->wait(); }

    /// The failure is known to somebody now.
    void seen() noexcept { unseen_.reset(); }
    /// Who is told a failure that nobody has seen when the last handle goes.
    void when_unseen(std::weak_ptr<nursery> told) { unseen_ = std::move(told); }

    std::string name;

protected:
    std::exception_ptr error_;

private:
    std::shared_ptr<wait_list> waiters_;
    boost::intrusive::list<end_watch, boost::intrusive::constant_time_size<false>> watches_;
    std::weak_ptr<nursery> unseen_;
    bool done_ = false;
};

template <class T>
class task_state final : public task_end {
public:
    using stored = std::conditional_t<std::is_void_v<T>, nothing, T>;
    using task_end::task_end;

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

    static awaitable<T> get(std::shared_ptr<task_state> self) {
        if (!self->done())
            co_await self->wait();
        co_return self->take();
    }

    T take() {
        seen();
        if (error_)
            std::rethrow_exception(error_);
        if (!value_)
            throw error(failure(errc::closed).because("the loop ended before the coroutine did"));
        if constexpr (!std::is_void_v<T>)
            return std::move(*value_);
    }

    bool has_value() const noexcept { return value_.has_value(); }

private:
    std::optional<stored> value_;
};

} // namespace oneloop::detail
