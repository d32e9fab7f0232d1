#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

namespace oneloop {

/// The coroutine type of the whole library: Boost.Asio's own, so everything of Asio can be awaited beside it.
template <class T = void>
using awaitable = boost::asio::awaitable<T>;

/// A handle to the loop that runs a coroutine: `auto loop = co_await this_coro::executor;`
using executor = boost::asio::any_io_executor;

namespace this_coro = boost::asio::this_coro;

} // namespace oneloop
