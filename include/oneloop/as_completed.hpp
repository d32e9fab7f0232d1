#pragma once

/// Many coroutines, so many at once, and what they give in the order in which they end.
///
///     auto fetch = [&](const std::string& url) { return http.get(url); };
///     co_await with_completed(urls | std::views::transform(fetch), 10, [&](auto& done) -> awaitable<> {
///         while (auto page = co_await done.next())
///             std::cout << urls[page->index()] << ": " << page->get().status() << "\n"; // or get() throws
///     });
///
/// Each outcome stands for itself: a coroutine that throws does not end the others. `gather` is for results
/// in the order given, where one failure ends all.
///
/// It takes a body, because a plain local object could not await what it has started when it goes out of
/// scope: here the rest is cancelled and awaited when the body has ended, in whichever way.

#include <oneloop/detail/coroutine_range.hpp>
#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/task_state.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace oneloop {

/// What became of one coroutine.
template <class T>
class completed_item {
public:
    /// Which one it was: 0 for the first of the range.
    std::size_t index() const noexcept { return index_; }

    /// Its value, which can be taken once, or throws what it threw.
    T get() { return state_->take(); }

    /// What it threw, or null.
    const std::exception_ptr& exception() const noexcept { return state_->failed_with(); }

private:
    template <class>
    friend class completed;
    completed_item(std::size_t index, std::shared_ptr<detail::task_state<T>> state)
        : index_(index), state_(std::move(state)) {}

    std::size_t index_;
    std::shared_ptr<detail::task_state<T>> state_;
};

/// The outcomes, as they come. Made by `with_completed` only.
template <class T>
class completed {
public:
    completed(const completed&) = delete;
    completed& operator=(const completed&) = delete;

    /// Waits until a coroutine has ended and gives what became of it; nothing when all have been given. The
    /// next coroutine of the range begins in the place of the one that was taken. If walking the range
    /// throws, this does when it has given all that had begun.
    ///
    /// Cancelling it (or `timeout(2s, done.next())`) takes nothing and leaves the coroutines running. Several
    /// may wait at once: each outcome goes to one of them.
    [[nodiscard]] awaitable<std::optional<completed_item<T>>> next() {
        while (ready_.empty() && running_ > 0)
            co_await arrived_->wait();
        std::optional<completed_item<T>> item;
        if (!ready_.empty()) {
            item.emplace(std::move(ready_.front()));
            ready_.pop_front();
            begin_more();
        } else if (range_failed_) {
            std::rethrow_exception(std::exchange(range_failed_, nullptr));
        }
        co_return item;
    }

private:
    template <std::ranges::input_range Range, class Body, class... Args>
    friend awaitable<void> with_completed(Range, std::size_t, Body, Args...);

    completed(std::shared_ptr<detail::nursery> home, std::size_t at_once)
        : home_(std::move(home)),
          arrived_(std::make_shared<detail::wait_list>(home_->loop())),
          at_once_(at_once ? at_once : 1) {}

    // What has ended and was not taken yet keeps its place, so that a slow body does not collect them all.
    void begin_more() {
        while (make_ && running_ + ready_.size() < at_once_) {
            try {
                if (auto body = make_())
                    begin(std::move(*body));
                else
                    make_ = nullptr;
            } catch (...) {
                make_ = nullptr;
                range_failed_ = std::current_exception();
            }
        }
    }

    void begin(awaitable<T> body) {
        auto state = std::make_shared<detail::task_state<T>>(home_->loop());
        // `this` is in the frame of with_completed, which awaits its children
        auto on_end = [this, state, index = begun_](std::exception_ptr why) {
            state->end(std::move(why));
            --running_;
            ready_.push_back(completed_item<T>(index, state));
            arrived_->notify_all();
        };
        home_->start(
            detail::task_state<T>::fill(state, std::move(body)), std::move(on_end),
            detail::failing::stays_here
        );
        ++begun_;
        ++running_;
    }

    std::shared_ptr<detail::nursery> home_;
    std::shared_ptr<detail::wait_list> arrived_;
    const std::size_t at_once_;
    std::function<std::optional<awaitable<T>>()> make_;
    std::size_t running_ = 0, begun_ = 0;
    std::deque<completed_item<T>> ready_;
    std::exception_ptr range_failed_;
};

/// Runs `body(done, args…)`, for which `done.next()` gives the outcomes of the range's coroutines. At most
/// `at_once` of them are in hand, running or ended and not taken yet: the range is walked as the body takes
/// them, and a lazy view makes each coroutine only when it is its turn, so that a range of a million costs
/// the memory of `at_once`.
///
/// When the body has ended, with or without having taken everything, what still runs is cancelled and
/// awaited, and outcomes that were not taken are dropped. If the body throws, this throws the same.
/// Cancelling this cancels the body and every coroutine.
///
/// What the range refers to has to live until this completes. `body` may be a lambda that captures by
/// reference; give what it has to own as `args`, because g++ 12.2 destroys a lambda's own captures twice in a
/// `co_await` expression.
template <std::ranges::input_range Range, class Body, class... Args>
[[nodiscard]] awaitable<void> with_completed(Range range, std::size_t at_once, Body body, Args... args) {
    using value_type = detail::awaited_in<Range>;
    auto home = std::make_shared<detail::nursery>(co_await this_coro::executor, detail::nursery::unbounded);
    completed<value_type> done(home, at_once);
    auto next = std::ranges::begin(range);
    const auto end = std::ranges::end(range);
    bool first = true;
    done.make_ = [&]() -> std::optional<awaitable<value_type>> {
        if (!std::exchange(first, false))
            ++next;
        if (next == end)
            return std::nullopt;
        return detail::take_coroutine(next);
    };
    done.begin_more();
    std::exception_ptr never_began; // a body that is a plain function may throw
    try {
        home->start_beside(std::invoke(body, done, std::move(args)...), [&](const std::exception_ptr&) {
            home->cancel_rest();
        });
    } catch (...) {
        never_began = std::current_exception();
        home->cancel();
    }
    co_await detail::nursery::join(home);
    if (never_began)
        std::rethrow_exception(never_began);
}

} // namespace oneloop
