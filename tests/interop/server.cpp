#include "tests/interop/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace oneloop::testing {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int new_socket() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : (fail("socket"), -1);
}

bool listened_at(std::uint16_t port) {
    const auto address = loopback(port);
    const int fd = new_socket();
    const int connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(fd);
    return connected == 0;
}

} // namespace

bound_socket::bound_socket(bool listens) : fd_(new_socket()) {
    const int yes = 1;
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 || ::bind(fd_, plain, size) != 0 ||
        (listens && ::listen(fd_, 511) != 0) || ::getsockname(fd_, plain, &size) != 0) {
        ::close(fd_);
        fail("a free port");
    }
    port_ = ntohs(address.sin_port);
}

bound_socket::~bound_socket() {
    if (fd_ >= 0)
        ::close(fd_);
}

packaged_server::packaged_server(const inherits& how) : socket_(std::make_unique<bound_socket>(true)) {
    // Our own copy stays open: if the server ends early the requests time out, and its log tells why
    start(how.make(std::to_string(socket_->fd()), dir_), process_options().inherit(socket_->fd()));
}

packaged_server::packaged_server(const binds& how) : socket_(std::make_unique<bound_socket>(false)) {
    start(how.make(std::to_string(socket_->port()), dir_), process_options());
    await_listening();
}

void packaged_server::start(const command& what, process_options how) {
    // Whatever it says goes to a file: a pipe that nobody reads would stop it in the end
    command whole{"/bin/sh", "-c", "exec \"$@\" >\"$0\" 2>&1", (dir_ / "log").string()};
    whole.insert(whole.end(), what.begin(), what.end());
    how.environment("PYTHONPATH", apps().string()).environment("PYTHONDONTWRITEBYTECODE", "1");
    how.environment("HOME", dir_.path().string());
    how.when_we_die(SIGTERM); // some have children of their own, which they end
    process_ = std::make_unique<process>(whole, how);
}

void packaged_server::await_listening() {
    using clock = std::chrono::steady_clock;
    for (const auto end = clock::now() + std::chrono::seconds(60); !listened_at(port());) {
        if (process_->ends_within({}) || clock::now() > end)
            throw std::runtime_error("the server does not listen; its log: " + log());
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::filesystem::path apps() {
    return ONELOOP_INTEROP_APPS;
}

std::string version_of(const std::string& package) {
    process query({"/usr/bin/dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}\\n", package});
    const std::string answer = query.read_line();
    return answer.size() > 3 && answer[1] == 'i' ? answer.substr(3) : std::string();
}

} // namespace oneloop::testing
