#pragma once

#include "tests/support/certificates.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace oneloop::testing {

class mariadb_options {
public:
    mariadb_options() = default;
    /// One more option of the server: "max_connections=5".
    mariadb_options& config(const std::string& option) { return config_.push_back("--" + option), *this; }
    /// Speaks TLS as well, at the same port. Clients need no certificate, and may do without TLS.
    mariadb_options& tls(const identity& files) {
        config("ssl");
        config("ssl-cert=" + files.certificate.string());
        return config("ssl-key=" + files.key.string());
    }

    std::vector<std::string> config_;
};

/// A real MariaDB server of one test's own, at a free port of 127.0.0.1 and a Unix socket, with everything it
/// needs in a temporary directory; a third of a second after it was asked for. Its user oneloop with the
/// password secret may do everything in the database oneloop, and nothing elsewhere.
///
/// Everything here waits: a coroutine that must not stall its loop calls it through blocking().
class mariadb_server {
public:
    using row = std::vector<std::string>;

    explicit mariadb_server(const mariadb_options& options = {});
    ~mariadb_server();

    /// The same for the server's whole life. While it is dead, connections are refused.
    std::uint16_t port() const noexcept { return port_.port(); }
    std::filesystem::path socket_path() const { return dir_ / "socket"; }
    /// "mysql://oneloop:secret@127.0.0.1:4711/oneloop"
    std::string url() const;

    /// SIGSTOP makes it hang, SIGCONT go on.
    void signal(int number) { process_->signal(number); }
    /// As a crash: returns when it is gone. What was committed is there again after start().
    void kill();
    /// After kill(), at the same port and over the same data.
    void start();
    void kill_and_restart();
    /// Ends it as a system's administrator does.
    void restart();

    /// What one or several statements give, done by root in the database oneloop, over a connection for this
    /// alone; the last statement's rows. NULL comes as "NULL". Throws what the server calls an error.
    std::vector<row> execute(const std::string& sql) const;
    /// The connections of clients, each with its id, user, database, command ("Query", "Sleep") and
    /// statement; without those of execute().
    std::vector<row> processlist() const;
    std::string log() const { return read_file(dir_ / "log"); }

private:
    temp_dir dir_;
    refused_port port_;
    std::vector<std::string> command_;
    std::unique_ptr<process> process_;
};

} // namespace oneloop::testing
