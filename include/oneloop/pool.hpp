#pragma once

/// Connections kept open and lent, one borrower at a time: what `redis::pool` and `mysql::pool` have in
/// common.
///
///     auto connection = co_await pool.acquire();   // waits for its turn
///     co_await connection->ping();
///     // at the end of the scope the connection goes back

#include <oneloop/detail/lending.hpp>
#include <oneloop/pool_options.hpp>
#include <oneloop/token.hpp>

#include <source_location>

namespace oneloop {

template <class Connection>
class pool;

/// A connection on loan. Movable; an empty one comes from the default constructor, from being moved from and
/// from give_back().
///
/// Its end gives the connection back, from any thread. The pool puts it among the idle ones only if it is
/// provably idle and its session could be brought back to what it was in the beginning; otherwise it closes
/// the connection and opens another when it needs one. Operations of the connection that have not completed
/// by then are such a reason.
template <class Connection>
class lease {
public:
    lease() = default;
    lease(lease&&) noexcept = default;
    lease& operator=(lease&& other) noexcept {
        if (this != &other) {
            give_back();
            lent_ = std::move(other.lent_);
            connection_ = std::move(other.connection_);
        }
        return *this;
    }

    explicit operator bool() const noexcept { return static_cast<bool>(lent_); }
    Connection* operator->() noexcept { return &connection_; }
    Connection& operator*() noexcept { return connection_; }

    /// Gives the connection back before the lease ends.
    void give_back() noexcept {
        connection_ = Connection();
        lent_.reset();
    }

    /// Has the connection closed in place of being lent again: for whoever has changed more than a pool could
    /// know.
    void discard() noexcept {
        if (lent_)
            lent_->discard();
        give_back();
    }

private:
    friend class pool<Connection>;

    explicit lease(detail::lent_ptr what) : lent_(std::move(what)), connection_(lent_) {}
    static result<lease> of(detail::lent_ptr what) { return lease(std::move(what)); }

    detail::lent_ptr lent_;
    Connection connection_;
};

/// Lends connections to one server: opens them when they are wanted, keeps the idle ones for a while, waits
/// when all are out.
///
/// It belongs to the loop it was made for and must not outlive it. Operations may be started, awaited and
/// cancelled from any thread and any loop; everything else, the destructor included, belongs to the pool's
/// own loop. As long as it has connections or opens some, it keeps the loop running.
///
/// When the server is down, whoever waits is told the error of the last attempt at once; the next attempt is
/// made after a back-off.
template <class Connection>
class pool {
public:
    using executor_type = executor;
    using lease_type = lease<Connection>;

    /// Cancels what is pending, leases included: each operation completes with `condition::closed`.
    ~pool() { shut_down(); }
    pool(pool&& other) noexcept : loop_(other.loop_), engine_(std::move(other.engine_)) {}
    pool& operator=(pool&& other) noexcept {
        if (this != &other) {
            shut_down();
            loop_ = other.loop_;
            engine_ = std::move(other.engine_);
        }
        return *this;
    }

    executor_type get_executor() const noexcept { return loop_; }

    /// Borrows a connection: `auto connection = co_await pool.acquire();`
    ///
    /// `void(error_code, lease<Connection>)`. First come, first served. Waits at most `queue_timeout`, and
    /// the failure says who has kept a connection for the longest time. A failure of connecting is told as it
    /// was.
    ///
    /// Cancelling costs nothing: the place in the queue is given up, and a connection that was just being
    /// handed over goes to the next.
    template <class Token = throwing_t>
    [[nodiscard]] auto acquire(
        Token&& token = {}, std::source_location where = std::source_location::current()
    ) {
        using operation = detail::operation_as<detail::lent_ptr, lease_type, &lease_type::of>;
        return boost::asio::async_initiate<Token, void(error_code, lease_type)>(
            detail::initiation<
                detail::pool_engine, decltype(&start_acquire<operation>),
                lease_type>(loop_, engine_, &start_acquire<operation>),
            token, where
        );
    }

    /// Lends no more (`acquire` fails with `condition::closed`, also for those who wait already), waits for
    /// the leases to end and closes every connection.
    ///
    /// `void(error_code)`. Leases have no limit of their own, so give it one with `timeout` if in doubt;
    /// cancelling it ends the wait, and the pool stays closed.
    template <class Token = throwing_t>
    [[nodiscard]] auto close(Token&& token = {}) {
        using start = decltype(&detail::start_close_pool);
        return boost::asio::async_initiate<Token, void(error_code)>(
            detail::initiation<detail::pool_engine, start>(loop_, engine_, &detail::start_close_pool), token
        );
    }

    /// On the pool's loop.
    pool_statistics stats() const { return detail::stats_of(*engine_); }

protected:
    /// `make` makes connections that were not opened yet.
    pool(executor loop, pool_options options, std::function<std::shared_ptr<detail::pooled>()> make)
        : loop_(loop),
          engine_(detail::make_pool_engine(std::move(loop), std::move(options), std::move(make))) {}

private:
    template <class Operation>
    static void start_acquire(
        const std::shared_ptr<detail::pool_engine>& engine, detail::completion<lease_type> done,
        std::source_location where
    ) {
        const executor& loop = detail::loop_of(*engine);
        detail::start_acquire(engine, std::make_shared<Operation>(loop, std::move(done)), where);
    }

    void shut_down() noexcept {
        if (engine_)
            detail::shut_down(*engine_);
    }

    executor loop_;
    std::shared_ptr<detail::pool_engine> engine_;
};

} // namespace oneloop
