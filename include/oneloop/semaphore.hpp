#pragma once

/// So many at once and no more: places that coroutines take, wait for in order, and give back.
///
///     semaphore at_most(loop, 10);
///     auto permit = co_await at_most.acquire(); // waits while ten others hold one
///     co_await use_the_thing();
///                                               // the permit's end gives the place back

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/completion.hpp>
#include <oneloop/token.hpp>

#include <cstddef>
#include <memory>

namespace oneloop {

namespace detail {
class semaphore_core;
}

/// It belongs to the loop it was made for and must not outlive it. `acquire` may be started, awaited and
/// cancelled from any thread and any loop; everything else may be called on any thread.
class semaphore {
public:
    using executor_type = executor;

    /// A place that is held until `release()` or the end of the permit, on whichever thread. It may outlive
    /// the semaphore and the loop. An empty one holds none.
    class permit {
    public:
        permit() = default;
        permit(permit&&) noexcept = default;
        permit& operator=(permit&&) noexcept; ///< gives back what it held
        ~permit() { release(); }

        explicit operator bool() const noexcept { return core_ != nullptr; }

        /// The longest waiting `acquire` gets the place. A second call does nothing.
        void release() noexcept;

    private:
        friend class detail::semaphore_core;
        explicit permit(std::shared_ptr<detail::semaphore_core> core) noexcept : core_(std::move(core)) {}

        std::shared_ptr<detail::semaphore_core> core_;
    };

    /// `places` permits are there; at most `max_queued` operations wait for one.
    explicit semaphore(executor loop, std::size_t places, std::size_t max_queued = 10'000);

    /// Each operation that waits completes with `errc::closed`. Permits that are held stay good.
    ~semaphore();
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    executor_type get_executor() const noexcept { return loop_; }

    /// Takes a place, or waits until one is given back: first come, first served.
    ///
    /// Completes with `void(error_code, permit)`. It has no time limit of its own: `timeout(2s, s.acquire())`
    /// gives it one. Cancelling (every type) completes it at once with `condition::cancelled` and costs
    /// nothing but its place in the queue; a cancel in the moment in which it was granted comes too late, and
    /// it succeeds. A permit that nobody takes (its loop was destroyed, say) gives the place back. When
    /// `max_queued` wait already, it fails with `errc::queue_full`.
    template <class Token = throwing_t>
    [[nodiscard]] auto acquire(Token&& token = {}) {
        using start_type = decltype(&semaphore::start_acquire);
        return boost::asio::async_initiate<Token, void(error_code, permit)>(
            detail::initiation<detail::semaphore_core, start_type, permit>(
                loop_, core_, &semaphore::start_acquire
            ),
            token
        );
    }

    /// A permit if a place is free this moment and nobody waits for it, else an empty one.
    [[nodiscard]] permit try_acquire();

    struct statistics {
        std::size_t free = 0, waiting = 0;
    };
    statistics stats() const;

private:
    static void start_acquire(const std::shared_ptr<detail::semaphore_core>&, detail::completion<permit>);

    executor loop_;
    std::shared_ptr<detail::semaphore_core> core_;
};

} // namespace oneloop
