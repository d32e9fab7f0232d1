#include "tests/support/redis_server.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace oneloop::testing {

namespace fs = std::filesystem;

namespace {

// Debian has the program in redis-tools, but as redis-check-rdb: it becomes a server when it is called by
// that name. (Its package redis-server adds a link with the name, and a service that would be started.)
fs::path binary() {
    for (const char* path :
         {"/usr/bin/redis-server", "/usr/local/bin/redis-server", "/usr/bin/redis-check-rdb"})
        if (::access(path, X_OK) == 0)
            return path;
    throw std::runtime_error("this test needs redis-server: start the tests with tests/run, which installs it"
    );
}

// Speaks to the server as tests do with no client at all: one question, one answer, and waits meanwhile.
class connection {
public:
    explicit connection(const fs::path& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.native().size() >= sizeof address.sun_path)
            throw std::runtime_error("too long for the path of a socket: " + path.native());
        path.native().copy(address.sun_path, sizeof address.sun_path - 1);
        const timeval patience{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            const int why = errno;
            ::close(socket_);
            throw std::system_error(why, std::generic_category(), "connect to redis-server");
        }
    }
    ~connection() { ::close(socket_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    std::string ask(const std::vector<std::string>& words) {
        std::string request = "*" + std::to_string(words.size()) + "\r\n";
        for (const auto& word : words)
            request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
        while (!request.empty()) {
            const ssize_t n = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
            if (n < 0)
                throw std::system_error(errno, std::generic_category(), "send to redis-server");
            request.erase(0, static_cast<std::size_t>(n));
        }
        return answer();
    }

private:
    std::string answer() {
        const std::string line = take(line_length());
        const std::string rest = line.substr(1, line.size() - 3);
        switch (line[0]) {
            case '-':
                throw std::runtime_error("redis-server says: " + rest);
            case '$': {
                if (rest == "-1")
                    return {};
                const std::string bytes = take(std::stoul(rest) + 2);
                return bytes.substr(0, bytes.size() - 2);
            }
            case '*': {
                std::string all;
                for (int left = std::stoi(rest); left > 0; --left)
                    all += answer() + "\n";
                return all;
            }
            default: // a status or an integer
                return rest;
        }
    }

    std::size_t line_length() {
        for (;;) {
            if (const auto end = read_.find("\r\n"); end != std::string::npos)
                return end + 2;
            receive();
        }
    }
    std::string take(std::size_t length) {
        while (read_.size() < length)
            receive();
        std::string bytes = read_.substr(0, length);
        read_.erase(0, length);
        return bytes;
    }
    void receive() {
        char more[4096];
        ssize_t n = ::recv(socket_, more, sizeof more, 0);
        while (n < 0 && errno == EINTR) // a loop on io_uring in this thread interrupts whoever blocks
            n = ::recv(socket_, more, sizeof more, 0);
        if (n < 0)
            throw std::system_error(errno, std::generic_category(), "receive from redis-server");
        if (n == 0)
            throw std::runtime_error("redis-server has closed the connection");
        read_.append(more, static_cast<std::size_t>(n));
    }

    int socket_;
    std::string read_;
};

} // namespace

redis_server::redis_server(const redis_options& options) : password_(options.password_) {
    std::ostringstream conf;
    conf << "bind 127.0.0.1\nport " << port() << "\nunixsocket " << socket_path().string() << "\ndir "
         << dir_.path().string() << "\nlogfile " << (dir_ / "log").string()
         << "\nsave \"\"\nenable-debug-command yes\n";
    if (!password_.empty())
        conf << "requirepass " << password_ << "\n";
    if (options.tls_)
        conf << "tls-port " << tls_port() << "\ntls-auth-clients no\ntls-cert-file "
             << options.tls_->certificate.string() << "\ntls-key-file " << options.tls_->key.string() << "\n";
    conf << options.config_;
    dir_.write("redis.conf", conf.str());
    fs::create_symlink(binary(), dir_ / "redis-server");
    start();
}

// Nobody needs what is stored: its own way to end would take up to 100 ms.
redis_server::~redis_server() {
    if (process_)
        process_->signal_group(SIGKILL);
}

void redis_server::start() {
    process_options how;
    how.with_errors(); // of its configuration it complains there and not in its log
    std::vector<std::string> command{(dir_ / "redis-server").string(), (dir_ / "redis.conf").string()};
    process_ = std::make_unique<process>(std::move(command), how);
    // There is nothing to wait for but that its socket appears, or that it ends.
    while (!process_->ends_within(std::chrono::milliseconds(2))) {
        try {
            if (ask({"PING"}) == "PONG")
                return;
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::no_such_file_or_directory && e.code() != std::errc::connection_refused)
                throw;
        } catch (const std::runtime_error& e) { // it still reads what it has stored
            if (std::string(e.what()).find("LOADING") == std::string::npos)
                throw;
        }
    }
    std::string said;
    for (int line = 0; line < 10; ++line) // some are empty, as all are after the last
        said += process_->read_line() + "\n";
    throw std::runtime_error("redis-server has not started: " + said + log());
}

void redis_server::kill() {
    process_->signal_group(SIGKILL);
    process_->wait();
}

void redis_server::kill_and_restart() {
    kill();
    start();
}

void redis_server::restart() {
    process_->stop();
    start();
}

std::string redis_server::ask(const std::vector<std::string>& words) const {
    connection server(socket_path());
    if (!password_.empty())
        server.ask({"AUTH", password_});
    return server.ask(words);
}

std::vector<std::string> redis_server::clients() const {
    connection server(socket_path());
    if (!password_.empty())
        server.ask({"AUTH", password_});
    const std::string own = "id=" + server.ask({"CLIENT", "ID"}) + " ";
    std::istringstream all(server.ask({"CLIENT", "LIST"}));
    std::vector<std::string> others;
    for (std::string line; std::getline(all, line);)
        if (!line.starts_with(own))
            others.push_back(line);
    return others;
}

std::string redis_server::url(int database) const {
    return "redis://" + credentials() + "127.0.0.1:" + std::to_string(port()) + "/" +
           std::to_string(database);
}

std::string redis_server::tls_url(int database) const {
    return "rediss://" + credentials() + "localhost:" + std::to_string(tls_port()) + "/" +
           std::to_string(database);
}

} // namespace oneloop::testing
