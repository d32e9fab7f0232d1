#pragma once

/// A coroutine that gives one value after the other, each when it is asked for.
///
///     awaitable<> count(yield<int>& out, int first, int last) {
///         for (int i = first; i <= last; ++i)
///             co_await out(i);                       // goes on when the next one is asked for
///     }
///
///     generator<int> reader(co_await this_coro::executor, count, 1, 99);
///     while (auto item = co_await reader.next())
///         std::cout << *item << "\n";
///
/// As an asynchronous generator of Python: nothing runs before the first `next()`, and after each value the
/// body rests until the next is asked for. (A `channel` is for a producer that works ahead.)

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/generator_state.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace oneloop {

template <class T>
class generator;

namespace detail {
template <class Body>
inline constexpr bool captures_nothing = std::is_empty_v<Body> || std::is_pointer_v<Body>;
}

/// The body's end: `co_await out(value)`.
template <class T>
class yield {
public:
    yield(const yield&) = delete;
    yield& operator=(const yield&) = delete;

    /// Hands `value` to whoever asks and waits until the next one is asked for. When the generator was closed
    /// or destroyed, the wait is cancelled, and a body that goes on all the same gets `condition::closed`.
    /// One at a time: `condition::argument` for a second before the first is back.
    [[nodiscard]] awaitable<void> operator()(T value) {
        co_await state_.place_free();
        state_.value.emplace(std::move(value));
        co_await state_.given();
    }

private:
    friend class generator<T>;
    explicit yield(detail::typed_generator_state<T>& s) noexcept : state_(s) {}

    detail::typed_generator_state<T>& state_;
};

/// The asking end.
///
/// **What the body may use**: its arguments, which it owns, and nothing else. The destructor cannot wait, so
/// the body ends a few turns of the loop later than its generator: its next or present `co_await` throws, and
/// its local variables are destroyed. A body is therefore a function or a lambda without captures (anything
/// else does not compile), and what it has to share is given as an argument: a `std::shared_ptr`, or a
/// `std::ref` to what lives longer. Where that is not enough, end it with `close()`, which waits; or in one
/// word, `with_closing(std::move(reader), …)`.
///
/// It belongs to the loop it was made for and must not outlive it; everything here is called on that loop.
template <class T>
class generator {
public:
    static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>);
    using value_type = T;

    /// `body(out, args…)` is called at the first `next()`, with the arguments moved in.
    template <class Body, class... Args>
    requires std::is_invocable_r_v < awaitable<void>, Body, yield<T>
    &, Args... > explicit generator(executor loop, Body body, Args... args)
        : state_(std::make_shared<detail::typed_generator_state<T>>(std::move(loop))) {
        static_assert(
            detail::captures_nothing<Body>,
            "the body of a generator may not capture: give what it uses as arguments, which it owns"
        );
        auto owned = std::make_shared<std::tuple<Args...>>(std::move(args)...);
        state_->set_body([body, owned](const std::shared_ptr<detail::generator_state>& base) {
            return run(
                std::static_pointer_cast<detail::typed_generator_state<T>>(base), body, std::move(*owned)
            );
        });
    }

    /// Cancels the body; does not wait for it, and what it throws then is lost.
    ~generator() {
        if (state_)
            detail::generator_state::abandon(*state_);
    }
    generator(generator&&) noexcept = default;
    generator& operator=(generator&& other) noexcept {
        generator taken(std::move(other));
        state_.swap(taken.state_);
        return *this;
    }

    /// Runs the body until it gives its next value; nothing when it has ended, and for ever after. What the
    /// body throws comes out of here, once.
    ///
    /// Cancelling it, or `timeout(2s, reader.next())`, takes nothing: the body goes on with what it was
    /// doing, and its value is given to the next call. A second call while one waits is
    /// `condition::argument`.
    [[nodiscard]] awaitable<std::optional<T>> next() { return next_of(state_); }

    /// Cancels the body and waits until it has ended; throws what it throws other than that cancellation.
    /// Cancelling this is not heeded before the body has ended. `next()` then gives nothing.
    [[nodiscard]] awaitable<void> close() { return detail::generator_state::close(state_); }

private:
    using state = detail::typed_generator_state<T>;

    template <class Body, class... Args>
    static awaitable<void> run(std::shared_ptr<state> s, Body body, std::tuple<Args...> args) {
        yield<T> out(*s); // the frame keeps the state, and with it everything of the generator
        auto made =
            std::apply([&](Args&... owned) { return std::invoke(body, out, std::move(owned)...); }, args);
        co_await std::move(made);
    }

    static awaitable<std::optional<T>> next_of(std::shared_ptr<state> s) {
        if (!s)
            co_return std::nullopt; // moved from
        if (!s->value)
            co_await detail::generator_state::ask(s);
        auto item = std::exchange(s->value, std::nullopt);
        co_return item;
    }

    std::shared_ptr<state> state_;
};

} // namespace oneloop
