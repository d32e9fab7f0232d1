#pragma once

#include <oneloop/backoff.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace oneloop {
class resolver;
}

namespace oneloop::redis {

using duration = std::chrono::steady_clock::duration;

/// Where the server is, how to log in, and the limits of a connection. The setters give back the options:
/// `redis::options().host("cache.example.org").password(secret)`. What is wrong with them is told when a
/// client or a pool is made of them.
class options {
public:
    options() = default;

    /// From "redis://user:password@host:6379/0"; each part but the host may be missing, and what has a
    /// meaning in a URL is written in percent signs. "unix:///run/redis.sock" is a socket in the file system,
    /// with nothing behind it. Throws `error` with `condition::argument`, which does not show the password.
    static options from_url(std::string_view url);

    options& host(std::string name) { return host_ = std::move(name), *this; } ///< ("127.0.0.1")
    options& port(std::uint16_t p) { return port_ = p, *this; }                ///< (6379)
    /// A path, in place of host and port.
    options& unix_socket(std::string path) { return path_ = std::move(path), *this; }

    /// Without a user the password is that of the server's `requirepass`, which is the user "default".
    options& user(std::string name) { return user_ = std::move(name), *this; }
    options& password(std::string secret) { return password_ = std::move(secret), *this; }
    options& database(unsigned number) { return database_ = number, *this; } ///< (0)

    /// From the look-up of the name to the end of the login (10 s).
    options& connect_timeout(duration d) { return connect_timeout_ = d, *this; }

    /// A command from its acceptance to its answer (10 s), connecting included where it has to wait for that.
    options& command_timeout(duration d) { return command_timeout_ = d, *this; }

    /// Commands of one connection that wait to be sent or answered (10,000), and their bytes (64 MiB; a
    /// single larger one is taken when nothing else waits). More fail with `condition::limit`, and were not
    /// sent.
    options& max_pending(std::size_t n) { return max_pending_ = n, *this; }
    options& max_pending_bytes(std::size_t n) { return max_pending_bytes_ = n, *this; }

    /// An answer: its bytes, and 64 more for each of its parts (64 MiB). One that is larger ends the
    /// connection. A text is copied in one go, about a millisecond for each MiB, sent as well as received;
    /// an answer of more than 10,000 parts is converted on a thread of `default_pool()`.
    options& max_reply(std::size_t bytes) { return max_reply_ = bytes, *this; }

    /// Commands whose caller has gone (cancelled, timed out) and whose answer has still to come: a connection
    /// that has more of them (1,000), or one older than this (5 s), is given up.
    options& max_abandoned(std::size_t n) { return max_abandoned_ = n, *this; }
    options& max_abandoned_age(duration d) { return max_abandoned_age_ = d, *this; }

    /// After an attempt to connect that failed: how long a client waits before the next one; doubled each
    /// time, with jitter (100 ms up to 2 s). Meanwhile commands fail at once.
    options& retry(backoff b) { return retry_ = b, *this; }

    /// A resolver to share with other clients of the same loop; without one the client makes its own.
    options& resolve_with(std::shared_ptr<resolver> r) { return resolver_ = std::move(r), *this; }

private:
    friend class link;
    friend class client_engine;
    friend class client;
    friend class pool_maker;

    void check() const;

    std::string host_ = "127.0.0.1", path_, user_, password_;
    std::uint16_t port_ = 6379;
    unsigned database_ = 0;
    duration connect_timeout_ = std::chrono::seconds(10), command_timeout_ = std::chrono::seconds(10);
    std::size_t max_pending_ = 10'000, max_pending_bytes_ = std::size_t{64} << 20;
    std::size_t max_reply_ = std::size_t{64} << 20, max_abandoned_ = 1'000;
    duration max_abandoned_age_ = std::chrono::seconds(5);
    backoff retry_ = backoff(std::chrono::milliseconds(100), std::chrono::seconds(2));
    std::shared_ptr<resolver> resolver_;
};

} // namespace oneloop::redis
