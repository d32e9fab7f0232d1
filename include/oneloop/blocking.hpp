#pragma once

/// Functions that block (files, synchronous libraries, long computations), run on threads and awaited on the
/// loop.

#include <oneloop/awaitable.hpp>
#include <oneloop/token.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <variant>

namespace oneloop {

namespace detail {

// A function with its arguments, owned by the pool until it has run.
class blocking_call {
public:
    virtual ~blocking_call() = default;
    virtual void run() noexcept = 0;
};

class blocking_engine;

} // namespace detail

/// Threads for what blocks. The first call starts them; the destructor waits for functions that are running.
class blocking_pool {
public:
    /// At most `threads` functions run at once, at most `queue_limit` wait for a thread.
    explicit blocking_pool(std::size_t threads, std::size_t queue_limit = 10'000);
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    struct statistics {
        std::size_t threads = 0, running = 0, waiting = 0;
    };
    statistics stats() const;

private:
    friend awaitable<void> run_on(blocking_pool&, std::shared_ptr<detail::blocking_call>);
    std::shared_ptr<detail::blocking_engine> engine_;
};

/// The pool that is used when none is given: one for the process, of 4 threads and 4 more per core, at most
/// 32, started at its first use. The program's end waits for the functions that are running in it.
blocking_pool& default_pool();

awaitable<void> run_on(blocking_pool&, std::shared_ptr<detail::blocking_call>);

namespace detail {

template <class Fn, class... Args>
class stored_call final : public blocking_call {
public:
    using value_type = std::invoke_result_t<Fn, Args...>;

    explicit stored_call(Fn fn, Args... args) : fn_(std::move(fn)), args_(std::move(args)...) {}

    void run() noexcept override {
        try {
            if constexpr (std::is_void_v<value_type>) {
                std::apply(std::move(fn_), std::move(args_));
                value_.emplace();
            } else {
                value_.emplace(std::apply(std::move(fn_), std::move(args_)));
            }
        } catch (...) {
            error_ = std::current_exception();
        }
    }

    value_type take() {
        if (error_)
            std::rethrow_exception(error_);
        if constexpr (!std::is_void_v<value_type>)
            return std::move(*value_);
    }

private:
    Fn fn_;
    std::tuple<Args...> args_;
    std::optional<std::conditional_t<std::is_void_v<value_type>, std::monostate, value_type>> value_;
    std::exception_ptr error_;
};

} // namespace detail

/// Runs `fn(args…)` on a thread of `pool` and gives what it returns, or throws what it throws, on the loop
/// again.
///
/// `fn` and `args` are copied or moved to the thread. Cancelling completes at once with
/// `condition::cancelled`: a function that has not begun never runs; one that has begun cannot be stopped,
/// runs to its end, and what it gives is dropped. So let it own what it uses: a reference to a local variable
/// may dangle by then. A full queue is `condition::limit`, and nothing was run.
template <class Fn, class... Args>
[[nodiscard]] awaitable<std::invoke_result_t<Fn, Args...>> run_blocking(
    blocking_pool& pool, Fn fn, Args... args
) {
    auto call = std::make_shared<detail::stored_call<Fn, Args...>>(std::move(fn), std::move(args)...);
    co_await run_on(pool, call);
    co_return call->take();
}

/// The same on `default_pool()`: `auto tree = co_await run_blocking(parse, std::move(text));`
template <class Fn, class... Args>
requires std::is_invocable_v<Fn, Args...>
[[nodiscard]] awaitable<std::invoke_result_t<Fn, Args...>> run_blocking(Fn fn, Args... args) {
    return run_blocking(default_pool(), std::move(fn), std::move(args)...);
}

} // namespace oneloop
