#pragma once

#include <oneloop/detail/completion.hpp>
#include <oneloop/mysql/error.hpp>
#include <oneloop/mysql/options.hpp>
#include <oneloop/mysql/parameters.hpp>
#include <oneloop/mysql/rows.hpp>
#include <oneloop/token.hpp>

#include <memory>
#include <string>
#include <utility>

namespace oneloop {

template <class>
class lease;

namespace detail {
class lent;
using lent_ptr = std::shared_ptr<lent>;
} // namespace detail

} // namespace oneloop

namespace oneloop::mysql {

class connection;
class entrance; // from a connection into its session
class session;

namespace detail {

using connection_handler = oneloop::detail::completion<connection>;
using rows_handler = oneloop::detail::completion<rows>;
std::shared_ptr<session> make_session(const executor& loop, options);
void start_connect(const std::shared_ptr<session>&, connection_handler);
void start_query(const std::shared_ptr<entrance>&, rows_handler, std::string sql, parameters);
void start_ping(const std::shared_ptr<entrance>&, oneloop::detail::completion<>);
void start_close(const std::shared_ptr<entrance>&, oneloop::detail::completion<>);
[[noreturn]] void throw_empty();

} // namespace detail

/// A connection to a MySQL or MariaDB server, made by `connect()`.
///
/// Queries run one after the other, in the order in which they were started; those that wait are in a queue
/// of the connection. Text is UTF-8 (utf8mb4) in both directions. One statement per query; LOAD DATA LOCAL is
/// refused.
///
/// It belongs to the loop it was made for and must not outlive it. Operations may be started, awaited and
/// cancelled from any thread and any loop; everything else, the destructor included, belongs to the
/// connection's own loop.
///
/// **Cancellation** (every type) completes an operation at once with `condition::cancelled`. A query that
/// waits costs nothing. One that runs costs the connection: the protocol has no way to take a query back, so
/// the connection is shut down, and the server, which may only notice later, may carry the query out. The
/// failure's outcome says `in_doubt`, or `answered` if the answer had begun. The same price has every failure
/// but the server's own (`condition::server`): reaching `query_timeout` or `max_result`, a network that
/// broke, a protocol that was violated.
///
/// **A lost connection is not replaced behind your back**, for its session (variables, temporary tables, an
/// open transaction) is lost with it: every further query fails with `condition::closed`, nothing sent.
class connection {
public:
    using executor_type = executor;

    /// Empty: only to be assigned to. Using it throws `error` with `condition::argument`.
    connection() = default;

    /// What is pending completes with `condition::closed`. Does not wait for the server.
    ~connection();
    connection(connection&&) noexcept;
    connection& operator=(connection&&) noexcept;

    executor_type get_executor() const noexcept { return loop_; }

    /// Runs one statement and gives its rows, all of them in memory: `auto cars = co_await db.query("SELECT
    /// name FROM car");`
    ///
    /// Completes with `void(error_code, rows)`. An error of the server is told with its own number
    /// (`server_category()`) and text, and the connection lives on. Of a CALL that gives several results the
    /// first one with columns is given. The text of failures shows the beginning of the statement without
    /// what stands in quotes, and of one with a password in it only its first two words.
    ///
    /// Each '?' in it stands for a value: `co_await db.query("INSERT INTO page VALUES (?, ?, ?)", url, size,
    /// std::nullopt);` Values are what `parameter` says, are copied, and are never pasted into the text, so
    /// whatever is in them remains a value. The server prepares the statement, executes it once and forgets
    /// it, which takes one more round trip than a statement without parameters. Too many or too few of them
    /// are `condition::argument`, nothing executed; the text of failures never shows one.
    ///
    /// Fields hold the same text either way, numbers and times too. What a '?' alone gives has the type of
    /// its value; a CALL gives its OUT parameters as one more result. While a statement is only being
    /// prepared, nothing of it was carried out: what ends it then says `not_sent`.
    template <class... ParametersAndToken>
    [[nodiscard]] auto query(std::string sql, ParametersAndToken&&... rest) {
        return run(std::move(sql), parameters(), std::forward<ParametersAndToken>(rest)...);
    }

    /// Completes with `void(error_code)` when the server has answered.
    template <class Token = throwing_t>
    [[nodiscard]] auto ping(Token&& token = {}) {
        return initiate<&detail::start_ping>(token);
    }

    /// Takes no new query (they fail with `condition::closed`), waits for those that were accepted, says
    /// goodbye to the server and closes.
    ///
    /// Completes with `void(error_code)`. Each query has its own limits, so this ends. Cancelling it ends the
    /// wait; the connection closes all the same.
    template <class Token = throwing_t>
    [[nodiscard]] auto close(Token&& token = {}) {
        return initiate<&detail::start_close>(token);
    }

private:
    template <class>
    friend class oneloop::lease;
    friend class connecting;

    /// Borrowed: its owner closes it, not this.
    explicit connection(const oneloop::detail::lent_ptr&);
    connection(executor loop, std::shared_ptr<session> owned) noexcept;

    template <auto Start, class... Results, class Token, class... Args>
    auto initiate(Token& token, Args... args) {
        if (!entrance_)
            detail::throw_empty();
        using start_type = decltype(Start);
        return boost::asio::async_initiate<Token, void(error_code, Results...)>(
            oneloop::detail::initiation<entrance, start_type, Results...>(loop_, entrance_, Start), token,
            std::move(args)...
        );
    }

    // What stands last and is no parameter is the token.
    auto run(std::string sql, parameters given) {
        throwing_t token;
        return initiate<&detail::start_query, rows>(token, std::move(sql), std::move(given));
    }
    template <class First, class... Rest>
    auto run(std::string sql, parameters given, First&& first, Rest&&... rest) {
        if constexpr (parameter<First>) {
            given.add(std::forward<First>(first));
            return run(std::move(sql), std::move(given), std::forward<Rest>(rest)...);
        } else {
            static_assert(
                sizeof...(Rest) == 0,
                "the parameters of a statement are texts, bytes, numbers, bool, nullptr, std::nullopt and a "
                "std::optional of one (no char); only a completion token may stand behind them"
            );
            return initiate<&detail::start_query, rows>(first, std::move(sql), std::move(given));
        }
    }

    void end() noexcept;

    executor loop_;
    std::shared_ptr<entrance> entrance_;
};

/// Connects and logs in: `auto db = co_await mysql::connect(loop,
/// mysql::options().user("shop").password(…));`
///
/// Completes with `void(error_code, connection)`. The name's addresses are tried one after the other. A
/// failure tells the phase (resolve, connect, tls, auth); what the server answers to the login is
/// condition::server. Cancelling completes at once with `condition::cancelled`.
///
/// The library's handshake blocks, so it runs on a thread: at most 8 for the process, which end when there is
/// nothing left to connect; who finds them all busy waits, within connect_timeout. No destructor waits for
/// them.
template <class Token = throwing_t>
[[nodiscard]] auto connect(executor loop, options how, Token&& token = {}) {
    using start = decltype(&detail::start_connect);
    auto fresh = detail::make_session(loop, std::move(how));
    return boost::asio::async_initiate<Token, void(error_code, connection)>(
        oneloop::detail::initiation<session, start, connection>(
            std::move(loop), std::move(fresh), &detail::start_connect
        ),
        token
    );
}

} // namespace oneloop::mysql
