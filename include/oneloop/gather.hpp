#pragma once

/// Many coroutines at once, results in the order in which the coroutines were given.
///
///     auto pages = co_await gather(urls | std::views::transform([&](auto& url) { return http.get(url); }),
///     10); auto [page, value] = co_await gather(http.get(url), sleep_for(1s, 7));
///
/// The first that throws cancels the others; when all have ended, the exception is thrown on. To have every
/// outcome, give coroutines that do not throw: `http.get(url, nothrow)` makes a
/// `std::vector<result<response>>` of the first form. Cancelling cancels every coroutine and awaits it.

#include <oneloop/detail/coroutine_range.hpp>
#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/task_state.hpp>

#include <memory>
#include <ranges>
#include <tuple>
#include <vector>

namespace oneloop {

namespace detail {

template <class T>
awaitable<void> keep(std::optional<T>& place, awaitable<T> body) {
    auto value = co_await std::move(body);
    place.emplace(std::move(value));
}

inline awaitable<void> keep(std::optional<nothing>& place, awaitable<void> body) {
    co_await std::move(body);
    place.emplace();
}

template <class T>
using kept = std::optional<typename task_state<T>::stored>;

} // namespace detail

/// Runs every coroutine of the range, at most `at_once` at the same time, and gives a vector of their values;
/// of `awaitable<void>`, nothing. The range is walked as places become free, so a lazy view makes each
/// coroutine only when it is its turn. What the range refers to has to live until this completes.
template <std::ranges::input_range Range>
[[nodiscard]] auto gather(Range range, std::size_t at_once = detail::nursery::unbounded)
    -> awaitable<std::conditional_t<
        std::is_void_v<detail::awaited_in<Range>>, void,
        std::vector<typename detail::task_state<detail::awaited_in<Range>>::stored>>> {
    using value_type = detail::awaited_in<Range>;
    auto nursery = std::make_shared<detail::nursery>(co_await this_coro::executor, at_once);
    std::list<detail::kept<value_type>> places; // a list: the children hold references to its elements
    auto next = std::ranges::begin(range);
    const auto end = std::ranges::end(range);
    nursery->supply([&] {
        if (next == end)
            return false;
        auto& place = places.emplace_back();
        nursery->start(detail::keep(place, detail::take_coroutine(next)));
        ++next;
        return true;
    });
    co_await detail::nursery::join(nursery);
    if constexpr (!std::is_void_v<value_type>) {
        std::vector<value_type> values;
        values.reserve(places.size());
        for (auto& place : places)
            values.push_back(std::move(*place));
        co_return values;
    }
}

/// Runs the coroutines given and gives a tuple of their values; `std::monostate` stands for one that gives
/// nothing.
template <class... T>
requires(sizeof...(T) > 0)
    [[nodiscard]] awaitable<std::tuple<typename detail::task_state<T>::stored...>> gather(
        awaitable<T>... bodies
    ) {
    auto nursery =
        std::make_shared<detail::nursery>(co_await this_coro::executor, detail::nursery::unbounded);
    std::tuple<detail::kept<T>...> places;
    std::apply(
        [&](auto&... place) { (nursery->start(detail::keep(place, std::move(bodies))), ...); }, places
    );
    co_await detail::nursery::join(nursery);
    co_return std::apply(
        [](auto&... place) {
            return std::tuple<typename detail::task_state<T>::stored...>(std::move(*place)...);
        },
        places
    );
}

} // namespace oneloop
