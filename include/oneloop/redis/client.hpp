#pragma once

#include <oneloop/redis/commands.hpp>
#include <oneloop/redis/options.hpp>

namespace oneloop::redis {

class client_engine;

namespace detail {
void start_close(const std::shared_ptr<client_engine>&, oneloop::detail::completion<>);
}

/// A client on one connection that everybody shares: the commands of a thousand coroutines go out together
/// and each gets its own answer. For nearly everything this is what you want; borrow a connection from a
/// `pool` for transactions and for commands that block.
///
///     redis::client redis(co_await this_coro::executor, redis::options().password(secret));
///     co_await redis.hset("car", "wheels", 4);
///     auto car = co_await redis.hgetall("car");
///
/// It connects when the first command needs it, and again after the connection was lost. Commands that were
/// in flight then fail, those that were not sent yet fail as well (`outcome::not_sent`); repeating them is
/// the caller's decision. While the server cannot be reached commands fail at once with the last error of
/// connecting, and an attempt is made after each back-off.
///
/// It belongs to the loop it was made for and must not outlive it. Operations may be started, awaited and
/// cancelled from any thread and any loop; everything else, the destructor included, belongs to the client's
/// own loop. As long as it is connected, it keeps the loop running.
class client : public commands {
public:
    using executor_type = executor;

    /// Throws `error` with `condition::argument` for options that cannot be.
    explicit client(executor loop, options = options());

    /// Cancels what is pending: each operation completes with `condition::closed`.
    ~client();
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;

    executor_type get_executor() const noexcept { return loop_; }

    /// Takes no new command (they fail with `condition::closed`), waits for those that were accepted, and
    /// closes the connection.
    ///
    /// `void(error_code)`. Each command has its own limit, so this ends. Cancelling it ends the wait; the
    /// client stays closed to new commands.
    template <class Token = throwing_t>
    [[nodiscard]] auto close(Token&& token = {}) {
        using start = decltype(&detail::start_close);
        return boost::asio::async_initiate<Token, void(error_code)>(
            oneloop::detail::initiation<client_engine, start>(loop_, engine_, &detail::start_close), token
        );
    }

    class statistics {
    public:
        statistics() = default;
        bool connected = false;                 ///< and logged in
        std::size_t waiting = 0, in_flight = 0; ///< commands: not sent yet; sent and not answered
        std::size_t abandoned = 0;              ///< of those in flight: nobody waits for the answer
        std::uint64_t answered = 0;             ///< commands
        std::uint64_t connects = 0, failed_connects = 0;
    };
    /// On the client's loop.
    statistics stats() const;

private:
    explicit client(executor loop, std::shared_ptr<client_engine>);

    executor loop_;
    std::shared_ptr<client_engine> engine_;
};

} // namespace oneloop::redis
