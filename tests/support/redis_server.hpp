#pragma once

#include "tests/support/certificates.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oneloop::testing {

class redis_options {
public:
    redis_options() = default;
    /// Of the user `default`.
    redis_options& password(std::string secret) { return password_ = std::move(secret), *this; }
    /// One more user, who may do everything.
    redis_options& user(const std::string& name, const std::string& secret) {
        return config("user " + name + " on >" + secret + " ~* &* +@all");
    }
    /// One more line, or several, of redis.conf.
    redis_options& config(const std::string& lines) { return config_ += lines + "\n", *this; }
    /// Speaks TLS as well, at a port of its own. Clients need no certificate.
    redis_options& tls(identity files) { return tls_ = std::move(files), *this; }

    std::string password_, config_;
    std::optional<identity> tls_;
};

/// A real redis-server of one test's own, at a free port of 127.0.0.1 and a Unix socket, with everything it
/// needs in a temporary directory. What it stores is gone when it ends, unless config("appendonly yes") has
/// it written down.
///
/// Everything here waits: a coroutine that must not stall its loop calls it through blocking().
class redis_server {
public:
    explicit redis_server(const redis_options& options = {});
    ~redis_server();

    /// The same for the server's whole life. While it is dead, connections are refused.
    std::uint16_t port() const noexcept { return port_.port(); }
    std::uint16_t tls_port() const noexcept { return tls_port_.port(); }
    std::filesystem::path socket_path() const { return dir_ / "socket"; }
    /// "redis://:secret@127.0.0.1:4711/0"
    std::string url(int database = 0) const;
    /// "rediss://:secret@localhost:4712/0"
    std::string tls_url(int database = 0) const;

    /// SIGSTOP makes it hang, SIGCONT go on.
    void signal(int number) { process_->signal(number); }
    /// As a crash: returns when it is gone.
    void kill();
    /// After kill(), at the same ports and over the same directory.
    void start();
    void kill_and_restart();
    /// Ends it as a system's administrator does.
    void restart();

    /// What the server says to one command, over a connection for this alone: server.command("CONFIG", "SET",
    /// "timeout", 1). An integer comes as digits, nil as nothing, an array as one line for each element.
    /// Throws what the server calls an error.
    template <class... T>
    std::string command(const T&... words) const {
        return ask({text(words)...});
    }
    /// CLIENT LIST without the connection that asks.
    std::vector<std::string> clients() const;
    std::string log() const { return read_file(dir_ / "log"); }

private:
    static std::string text(const std::string& word) { return word; }
    static std::string text(long long number) { return std::to_string(number); }
    std::string ask(const std::vector<std::string>& words) const;
    std::string credentials() const { return password_.empty() ? "" : ":" + password_ + "@"; }

    temp_dir dir_;
    refused_port port_, tls_port_;
    std::string password_;
    std::unique_ptr<process> process_;
};

} // namespace oneloop::testing
