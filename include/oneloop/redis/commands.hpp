#pragma once

#include <oneloop/detail/operation.hpp>
#include <oneloop/redis/reply.hpp>
#include <oneloop/redis/request.hpp>
#include <oneloop/token.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace oneloop::redis {

namespace detail {

using value_operation = oneloop::detail::operation<value>;

/// Where commands go: a client, or one connection.
class target {
public:
    virtual ~target() = default;
    virtual void
    submit(const std::shared_ptr<value_operation>&, request, const std::shared_ptr<oneloop::detail::cancel_link>&) = 0;
    virtual const executor& loop() const noexcept = 0;
};

void start_command(const std::shared_ptr<target>&, std::shared_ptr<value_operation>, request);

template <class T>
void start(
    const std::shared_ptr<target>& to, typename oneloop::detail::completion_for<T>::type done, request what
) {
    using operation = oneloop::detail::operation_as<value, T, &from_reply<T>>;
    start_command(to, std::make_shared<operation>(to->loop(), std::move(done)), std::move(what));
}

[[noreturn]] void throw_empty();

template <class T, class Token>
auto initiate(const std::shared_ptr<target>& to, request what, Token&& token) {
    if (!to)
        throw_empty(); // a lease that was given back, or never was one
    using start_type = decltype(&start<T>);
    if constexpr (std::is_void_v<T>)
        return boost::asio::async_initiate<Token, void(error_code)>(
            oneloop::detail::initiation<target, start_type>(to->loop(), to, &start<T>), token, std::move(what)
        );
    else
        return boost::asio::async_initiate<Token, void(error_code, T)>(
            oneloop::detail::initiation<target, start_type, T>(to->loop(), to, &start<T>), token,
            std::move(what)
        );
}

// The rest of a command's arguments; what stands last and is none is the token.
template <class T>
auto run(const std::shared_ptr<target>& to, request what) {
    return initiate<T>(to, std::move(what), throwing_t());
}
template <class T, class First, class... Rest>
auto run(const std::shared_ptr<target>& to, request what, First&& first, Rest&&... rest) {
    if constexpr (argument<std::remove_cvref_t<First>>) {
        what.arg(first);
        return run<T>(to, std::move(what), std::forward<Rest>(rest)...);
    } else {
        static_assert(
            sizeof...(Rest) == 0,
            "the arguments of a command are texts, bytes and numbers (no bool, no char); only a completion "
            "token may "
            "stand behind them"
        );
        return initiate<T>(to, std::move(what), std::forward<First>(first));
    }
}

template <class T>
concept token_like = !argument<std::remove_cvref_t<T>>;

template <class... T>
inline constexpr std::size_t arguments_in =
    (std::size_t{0} + ... + (argument<std::remove_cvref_t<T>> ? 1 : 0));

template <class T>
concept field_range = std::ranges::input_range<T> && !argument<std::remove_cvref_t<T>> &&
                      requires(std::ranges::range_reference_t<T> item) {
    requires argument<std::remove_cvref_t<decltype(std::get<0>(item))>>;
    requires argument<std::remove_cvref_t<decltype(std::get<1>(item))>>;
};

} // namespace detail

/// The commands of Redis: what a `client` and a connection borrowed from a `pool` have in common.
///
/// Each gives an awaitable or takes a completion token as its last parameter, and completes with
/// `void(error_code, T)`. Arguments are copied, and may hold any bytes. Commands of one connection are
/// carried out in the order in which they were started; those that are started while others are under way go
/// out together (pipelining), without anybody asking for it.
///
/// **Cancellation** (every type) completes a command at once with `condition::cancelled`. One that was not
/// sent yet is never sent (`outcome::not_sent`); one that was (`outcome::in_doubt`) keeps its place among the
/// answers, so that nobody else receives its own. The connection lives on, unless the answer stays away for
/// longer than `max_abandoned_age`.
///
/// **Failures**: an error of the server is `condition::server` with a code of `redis::category()` and the
/// server's own words, and does nothing to the connection. A lost connection is `condition::network` or
/// `condition::protocol`; the outcome tells whether the command may have been carried out. A limit that is
/// reached is named. What a shared connection cannot bear (SELECT, MULTI, BLPOP …) is `condition::argument`
/// and tells what to do.
class commands {
public:
    /// Any command: `co_await redis.command<std::optional<std::string>>("GET", "car")`. What T may be stands
    /// in reply.hpp; with T = value everything is taken as it comes. Arguments are texts, bytes and numbers.
    template <class T = value, class... ArgsAndToken>
    [[nodiscard]] auto command(std::string_view name, ArgsAndToken&&... rest) {
        return detail::run<T>(target_, request(name), std::forward<ArgsAndToken>(rest)...);
    }

    /// The same for a request that was put together before.
    template <class T = value, class Token = throwing_t>
    [[nodiscard]] auto command(request what, Token&& token = {}) {
        return detail::initiate<T>(target_, std::move(what), std::forward<Token>(token));
    }

    /// GET: the text of a key, or nothing if there is no such key.
    template <class T = std::string, argument Key, detail::token_like Token = throwing_t>
    [[nodiscard]] auto get(const Key& key, Token&& token = {}) {
        return command<std::optional<T>>(request("GET").arg(key), std::forward<Token>(token));
    }

    /// SET: makes `content` the value of a key, whatever it was.
    template <argument Key, argument Content, detail::token_like Token = throwing_t>
    [[nodiscard]] auto set(const Key& key, const Content& content, Token&& token = {}) {
        return command<void>(request("SET").args(key, content), std::forward<Token>(token));
    }

    /// DEL: removes one or more keys; gives how many there were.
    template <argument Key, class... MoreAndToken>
    [[nodiscard]] auto del(const Key& key, MoreAndToken&&... rest) {
        return detail::run<std::int64_t>(
            target_, request("DEL").arg(key), std::forward<MoreAndToken>(rest)...
        );
    }

    /// HSET: sets fields of a hash, `redis.hset("car", "wheels", 4, "colour", "red")`; gives how many of them
    /// are new.
    template <argument Key, argument Field, argument Content, class... MoreAndToken>
    [[nodiscard]] auto hset(const Key& key, const Field& f, const Content& c, MoreAndToken&&... rest) {
        static_assert(
            detail::arguments_in<MoreAndToken...> % 2 == 0, "each field of a hash needs its content behind it"
        );
        return detail::run<std::int64_t>(
            target_, request("HSET").args(key, f, c), std::forward<MoreAndToken>(rest)...
        );
    }

    /// The same from a range of pairs, such as a map. An empty one is refused by the server.
    template <argument Key, detail::field_range Fields, detail::token_like Token = throwing_t>
    [[nodiscard]] auto hset(const Key& key, Fields&& fields, Token&& token = {}) {
        request what("HSET");
        what.arg(key);
        for (auto&& field : fields)
            what.args(std::get<0>(field), std::get<1>(field));
        return command<std::int64_t>(std::move(what), std::forward<Token>(token));
    }

    /// HGETALL: the whole hash; empty if there is no such key.
    template <
        class T = std::map<std::string, std::string>, argument Key, detail::token_like Token = throwing_t>
    [[nodiscard]] auto hgetall(const Key& key, Token&& token = {}) {
        return command<T>(request("HGETALL").arg(key), std::forward<Token>(token));
    }

    /// PEXPIRE: has the key removed after `life`, to the millisecond; false if there is no such key.
    template <argument Key, detail::token_like Token = throwing_t>
    [[nodiscard]] auto expire(const Key& key, std::chrono::milliseconds life, Token&& token = {}) {
        return command<bool>(request("PEXPIRE").args(key, life.count()), std::forward<Token>(token));
    }

    /// PING: whether the server answers.
    template <class Token = throwing_t>
    [[nodiscard]] auto ping(Token&& token = {}) {
        return command<void>(request("PING"), std::forward<Token>(token));
    }

protected:
    commands() = default;
    explicit commands(std::shared_ptr<detail::target> to) : target_(std::move(to)) {}
    ~commands() = default;
    commands(commands&&) = default;
    commands& operator=(commands&&) = default;

    std::shared_ptr<detail::target> target_;
};

} // namespace oneloop::redis
