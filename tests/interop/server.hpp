#pragma once

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace oneloop::testing {

/// A socket on a free port of 127.0.0.1. It stays bound until this is destroyed, so that nobody else gets the
/// port.
class bound_socket {
public:
    /// One that `listens` is to be inherited: whoever connects is not refused, but waits for the server. One
    /// that does not is for a server that takes nothing but a number: it can have the port all the same, with
    /// SO_REUSEADDR.
    explicit bound_socket(bool listens);
    ~bound_socket();
    bound_socket(const bound_socket&) = delete;
    bound_socket& operator=(const bound_socket&) = delete;

    int fd() const noexcept { return fd_; }
    std::uint16_t port() const noexcept { return port_; }

private:
    int fd_ = -1;
    std::uint16_t port_ = 0;
};

/// A server of one test's own, of a program that the distribution packages, with a temporary directory for
/// all that it writes. The Python it runs is the distribution's (/usr/bin/python3), and finds the programs in
/// tests/interop/apps.
class packaged_server {
public:
    using command = std::vector<std::string>;

    /// `make` gives the command for a descriptor that it inherits, which listens.
    struct inherits {
        std::function<command(const std::string& fd, const temp_dir&)> make;
    };
    /// `make` gives the command for a port. Returns when somebody listens there.
    struct binds {
        std::function<command(const std::string& port, const temp_dir&)> make;
    };
    explicit packaged_server(const inherits& how);
    explicit packaged_server(const binds& how);

    std::uint16_t port() const noexcept { return socket_->port(); }
    std::string url(const std::string& scheme = "http") const {
        return scheme + (scheme == "https" ? "://localhost:" : "://127.0.0.1:") + std::to_string(port());
    }
    /// What it wrote.
    std::string log() const { return read_file(dir_ / "log"); }

private:
    void start(const command& what, process_options how);
    void await_listening();

    temp_dir dir_;
    std::unique_ptr<bound_socket> socket_;
    std::unique_ptr<process> process_;
};

/// tests/interop/apps
std::filesystem::path apps();

/// The version of a package that is installed; empty if it is not.
std::string version_of(const std::string& package);

} // namespace oneloop::testing
