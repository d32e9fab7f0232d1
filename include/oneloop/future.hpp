#pragma once

/// One value that comes from elsewhere: from another thread, or from a callback of another library.
///
///     promise<int> answer;
///     auto later = answer.get_future();
///     std::thread worker([p = std::move(answer)]() mutable { p.set_value(compute()); });
///     int value = co_await later.get(); // the loop goes on meanwhile

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/promise_state.hpp>
#include <oneloop/error.hpp>
#include <oneloop/token.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace oneloop {

template <class T>
class promise;

/// The end that waits. It belongs to no loop: `get` waits on the loop of the coroutine that awaits it. It is
/// used by one coroutine at a time, and may outlive the promise. A value that nobody takes is destroyed with
/// the last of the two, on whichever thread that is.
template <class T = void>
class future {
public:
    future(future&&) noexcept = default;
    future& operator=(future&&) noexcept = default;

    /// True once `get` would not wait: there is a value or an error. From any thread.
    bool ready() const { return state_ && state_->ready(); }

    /// Waits until the promise is set and gives its value, or throws what it was given: `oneloop::error` for
    /// `set_error`, with `condition::closed` if the promise was destroyed unset.
    ///
    /// Cancelling (every type) ends the wait at once with `condition::cancelled` and costs nothing: the
    /// future can be awaited again, and a value that came in that moment is kept. A value can be taken once,
    /// an error as often as one likes; `condition::argument` for a second taking, a second coroutine that
    /// waits at the same time, and a future that was moved from. If it is set already, this does not leave
    /// the coroutine.
    [[nodiscard]] awaitable<T> get() { return value_of(state_); }
    [[nodiscard]] awaitable<T> get(throwing_t) { return value_of(state_); }

    /// The same with a `result<T>`. An exception of `set_exception` that is not an `oneloop::error` has no
    /// failure to show, and is thrown all the same.
    [[nodiscard]] awaitable<result<T>> get(nothrow_t) { return result_of(state_); }

private:
    friend class promise<T>;
    using state = detail::typed_promise_state<T>;
    explicit future(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}

    static awaitable<T> value_of(std::shared_ptr<state> s) {
        if (!s)
            throw error(failure(errc::invalid_argument).because("the future was moved from"));
        co_await detail::promise_state::wait(s);
        co_return s->take();
    }

    static awaitable<result<T>> result_of(std::shared_ptr<state> s) {
        try {
            if constexpr (std::is_void_v<T>) {
                co_await value_of(std::move(s));
                co_return result<T>();
            } else {
                auto value = co_await value_of(std::move(s));
                co_return result<T>(std::move(value));
            }
        } catch (const error& why) {
            co_return why.failure();
        }
    }

    std::shared_ptr<state> state_;
};

/// The end that gives, once. Every `set_…` may be called from any thread, whether it runs a loop or not,
/// before, during and after the wait, and also when the loop that waited is gone. The first call decides and
/// returns true; a later one changes nothing and returns false, as does one on a promise that was moved from.
/// Moving and destroying it are for one thread at a time, as usual.
template <class T = void>
class promise {
public:
    promise() : state_(std::make_shared<detail::typed_promise_state<T>>()) {}

    /// Unset, it tells the future `condition::closed`: "the promise was destroyed without a value".
    ~promise() { let_go(); }
    promise(promise&&) noexcept = default;
    promise& operator=(promise&& other) noexcept {
        promise taken(std::move(other));
        state_.swap(taken.state_);
        std::swap(future_taken_, taken.future_taken_);
        return *this;
    }

    /// The future, once; a second call throws `oneloop::error` with `condition::argument`.
    [[nodiscard]] future<T> get_future() {
        if (!state_ || std::exchange(future_taken_, true))
            throw error(failure(errc::invalid_argument).because("a promise has one future"));
        return future<T>(state_);
    }

    /// `set_value(args…)` makes the value of `args`; without any for `promise<>`. If making it throws, this
    /// throws the same, and the promise can still be set.
    template <class... Args>
    requires std::is_constructible_v<typename detail::typed_promise_state<T>::stored, Args...>
    bool set_value(Args&&... args) { return state_ && state_->set_value(std::forward<Args>(args)...); }

    bool set_error(failure why) { return set_exception(std::make_exception_ptr(error(std::move(why)))); }
    bool set_exception(std::exception_ptr why) { return state_ && state_->fail(std::move(why)); }

private:
    void let_go() noexcept {
        if (state_)
            state_->promise_is_gone();
    }

    std::shared_ptr<detail::typed_promise_state<T>> state_;
    bool future_taken_ = false;
};

} // namespace oneloop
