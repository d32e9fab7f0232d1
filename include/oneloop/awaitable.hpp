#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

namespace oneloop {

/// The coroutine type of the whole library: Boost.Asio's own, so everything of Asio can be awaited beside it.
template <class T = void>
using awaitable = boost::asio::awaitable<T>;

/// A handle to the loop that runs a coroutine. A coroutine may wait for a client, a pool, a semaphore or a
/// channel of another loop; its own loop then has to live until that wait has ended, as with everything of
/// Asio. To get it: `auto loop = co_await this_coro::executor;`
using executor = boost::asio::any_io_executor;

namespace this_coro = boost::asio::this_coro;

} // namespace oneloop
