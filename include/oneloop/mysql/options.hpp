#pragma once

#include <oneloop/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop {
class resolver;
}

namespace oneloop::mysql {

using duration = std::chrono::steady_clock::duration;

/// Which server, who asks, and the limits. Each is set by the function of its name, which gives back the
/// options, and read by the same function without an argument:
/// `mysql::options().user("shop").database("shop")`. A limit of time of zero or less means no time at all;
/// for "no limit" there is `duration::max()`.
class options {
public:
    options() =
        default; // declared, so that it is no aggregate: g++ 12 destroys temporary ones twice in a co_await

    /// "mysql://user:password@host:3306/database" with percent-encoding; user, password, port and database
    /// may be left out. Throws `error` with `condition::argument`, which never shows the password.
    static options from_url(std::string_view url);

    /// A name or an address ("127.0.0.1", port 3306).
    options& host(std::string name) { return host_ = std::move(name), *this; }
    const std::string& host() const noexcept { return host_; }
    options& port(std::uint16_t number) { return port_ = number, *this; }
    std::uint16_t port() const noexcept { return port_; }

    /// The path of the server's socket, in place of host and port.
    options& unix_socket(std::string path) { return unix_socket_ = std::move(path), *this; }
    const std::string& unix_socket() const noexcept { return unix_socket_; }

    /// There is no default user: that of the system is not taken.
    options& user(std::string name) { return user_ = std::move(name), *this; }
    const std::string& user() const noexcept { return user_; }
    options& password(std::string secret) { return password_ = std::move(secret), *this; }
    const std::string& password() const noexcept { return password_; }

    /// The database that statements mean when they name none; empty: none.
    options& database(std::string name) { return database_ = std::move(name), *this; }
    const std::string& database() const noexcept { return database_; }

    /// TLS or no connection: a server without it is refused, and so is a certificate that is not for `host`.
    /// Servers that authenticate with ed25519 or caching_sha2_password (MySQL 8) are reached this way, or by
    /// their unix socket.
    options& tls() { return tls(tls_options()); }
    options& tls(tls_options whom_to_trust) { return tls_ = std::move(whom_to_trust), *this; }
    const std::optional<tls_options>& tls_wanted() const noexcept { return tls_; }

    /// The whole way to a usable connection: name look-up, connecting, TLS and login (10 s).
    options& connect_timeout(duration d) { return connect_timeout_ = d, *this; }
    duration connect_timeout() const noexcept { return connect_timeout_; }

    /// A query with all its rows, from the moment it is sent (30 s).
    options& query_timeout(duration d) { return query_timeout_ = d, *this; }
    duration query_timeout() const noexcept { return query_timeout_; }

    /// How long a query waits for those before it on its connection (5 min).
    options& queue_timeout(duration d) { return queue_timeout_ = d, *this; }
    duration queue_timeout() const noexcept { return queue_timeout_; }

    /// Bytes of a result at most, in memory (64 MiB). A statement, too, may have so many, or 64 MiB if that
    /// is more.
    options& max_result(std::uint64_t bytes) { return max_result_ = bytes, *this; }
    std::uint64_t max_result() const noexcept { return max_result_; }

    /// Queries that wait on one connection at most (10,000).
    options& max_queued(std::size_t n) { return max_queued_ = n, *this; }
    std::size_t max_queued() const noexcept { return max_queued_; }

    /// A resolver to share with other clients of the same loop; without one, each look-up has its own.
    options& resolve_with(std::shared_ptr<resolver> r) { return resolver_ = std::move(r), *this; }
    const std::shared_ptr<resolver>& resolve_with() const noexcept { return resolver_; }

private:
    std::string host_ = "127.0.0.1", unix_socket_, user_, password_, database_;
    std::uint16_t port_ = 3306;
    std::optional<tls_options> tls_;
    duration connect_timeout_ = std::chrono::seconds(10), query_timeout_ = std::chrono::seconds(30);
    duration queue_timeout_ = std::chrono::minutes(5);
    std::uint64_t max_result_ = std::uint64_t{64} << 20;
    std::size_t max_queued_ = 10'000;
    std::shared_ptr<resolver> resolver_;
};

} // namespace oneloop::mysql
