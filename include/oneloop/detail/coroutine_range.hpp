#pragma once

/// Ranges of coroutines, as `gather` and `with_completed` take them.

#include <oneloop/awaitable.hpp>

#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

namespace oneloop::detail {

template <class T>
struct awaited;
template <class T>
struct awaited<awaitable<T>> {
    using type = T;
};

template <class Range>
using awaited_in = typename awaited<std::remove_cvref_t<std::ranges::range_reference_t<Range>>>::type;

// A view of coroutines gives new ones (prvalues), a container has them to be moved from.
template <class Iterator>
auto take_coroutine(Iterator& i) {
    if constexpr (std::is_lvalue_reference_v<std::iter_reference_t<Iterator>>)
        return std::move(*i);
    else
        return *i;
}

} // namespace oneloop::detail
