#include "tests/support/nginx.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace oneloop::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using clock = std::chrono::steady_clock;

namespace {

std::string binary() {
    const char* chosen = std::getenv("ONELOOP_NGINX");
    std::string path = chosen ? chosen : "/usr/sbin/nginx";
    if (::access(path.c_str(), X_OK) != 0)
        throw std::runtime_error(
            "this test needs nginx, and there is none at " + path +
            ": start the tests with tests/run, which fetches it, or name one in ONELOOP_NGINX"
        );
    return path;
}

std::string status_locations() {
    std::string all;
    for (int status :
         {200, 201, 204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 408, 410, 429, 500, 502, 503, 504}) {
        const std::string number = std::to_string(status);
        const std::string what = status / 100 == 3 ? "/status/200" : "\"" + number + "\\n\"";
        all += "location = /status/" + number + " { return " + number + " " + what + "; }\n";
    }
    return all;
}

} // namespace

// Asking for a free port and having nginx bind it later is a race that two tests at a time lose. The socket
// is bound and listens here, and is handed over as nginx does itself when it is upgraded in place: as a
// descriptor that the variable NGINX names.
nginx::listener nginx::listen() {
    asio::io_context unused;
    tcp::acceptor acceptor(unused, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto port = acceptor.local_endpoint().port();
    const int fd = ::fcntl(acceptor.native_handle(), F_DUPFD_CLOEXEC, 3);
    return {fd, port};
}

nginx::nginx(const nginx_options& options) : plain_(listen()) {
    if (options.tls_)
        secure_ = listen();
    std::filesystem::create_directory(root());
    const auto conf = dir_.write("nginx.conf", configuration(options));

    process_options how;
    how.when_we_die(SIGTERM); // the master ends its worker
    std::string handed_over;
    for (int fd : {plain_.fd, secure_.fd})
        if (fd >= 0) {
            how.inherit(fd);
            handed_over += std::to_string(fd) + ";";
        }
    how.environment("NGINX", handed_over);
    const std::string log = (dir_ / "error.log").string();
    std::vector<std::string> command{binary(), "-e", log, "-p", dir_.path().string(), "-c", conf.string()};
    process_ = std::make_unique<process>(std::move(command), how);
    for (int fd : {plain_.fd, secure_.fd})
        if (fd >= 0)
            ::close(fd);
    await_readiness();
}

nginx::~nginx() = default;

std::string nginx::configuration(const nginx_options& options) const {
    const std::string dir = dir_.path().string();
    std::ostringstream conf;
    // A master and one worker: without a master nginx 1.22 crashes over sockets that were handed over.
    conf << "daemon off;\nworker_processes 1;\npid " << dir << "/nginx.pid;\nerror_log " << dir
         << "/error.log notice;\n";
    if (::geteuid() == 0)
        conf << "user root;\n"; // the worker has to read the directory
    conf << "events { worker_connections 4096; }\nhttp {\n";
    for (const char* what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        conf << what << "_temp_path " << dir << "/" << what << ";\n";
    conf << "log_format tests '$msec $request_time $status $connection $request';\n"
         << "access_log " << dir << "/access.log tests;\n"
         << "types { text/html html; text/plain txt; }\ndefault_type application/octet-stream;\n"
         << "server {\nlisten 127.0.0.1:" << plain_.port << ";\n";
    if (options.tls_)
        conf << "listen 127.0.0.1:" << secure_.port << (options.http2_ ? " ssl http2" : " ssl")
             << ";\nssl_certificate " << options.tls_->certificate.string() << ";\nssl_certificate_key "
             << options.tls_->key.string() << ";\n";
    if (options.unix_socket_)
        conf << "listen unix:" << unix_path() << ";\n";
    conf << "root " << root().string() << ";\nlocation = /ready { access_log off; return 204; }\n"
         << "location /slow/ { limit_rate " << options.slow_rate_ << "; }\n"
         << status_locations() << options.server_ << "\n}\n}\n";
    return conf.str();
}

// One request and its answer. If nginx gave up, over its configuration say, the socket is closed and this is
// refused.
void nginx::await_readiness() const {
    try {
        asio::io_context unused;
        tcp::socket socket(unused);
        socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), plain_.port));
        const timeval limit{20, 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        asio::write(socket, asio::buffer(std::string("GET /ready HTTP/1.0\r\n\r\n")));
        std::array<char, 12> begin;
        for (std::size_t got = 0; got < begin.size();) {
            boost::system::error_code code;
            got += socket.read_some(asio::buffer(begin) + got, code);
            if (code && code != asio::error::interrupted) // by this thread's loop, if it is on io_uring
                throw boost::system::system_error(code);
        }
        if (std::string_view(begin.data(), begin.size()) == "HTTP/1.1 204")
            return;
    } catch (const boost::system::system_error&) {
    }
    process_->stop();
    throw std::runtime_error("nginx does not answer; its log: " + error_log());
}

std::string nginx::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(plain_.port) + path;
}

std::string nginx::tls_url(const std::string& path) const {
    return "https://localhost:" + std::to_string(secure_.port) + path;
}

std::vector<nginx::request> nginx::requests(std::size_t at_least) const {
    const auto end = clock::now() + std::chrono::seconds(5);
    for (;;) {
        std::vector<request> all;
        std::istringstream log(read_file(dir_ / "access.log"));
        request r;
        for (double took;
             log >> r.end >> took >> r.status >> r.connection && std::getline(log >> std::ws, r.line);) {
            r.begin = r.end - took;
            all.push_back(r);
        }
        if (all.size() >= at_least)
            return all;
        if (clock::now() > end)
            throw std::runtime_error("nginx has seen only " + std::to_string(all.size()) + " requests");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

std::string nginx::error_log() const {
    return read_file(dir_ / "error.log");
}

std::size_t most_at_once(const std::vector<nginx::request>& requests) {
    // The log has milliseconds, of which a begin is computed: in the one in which another ends it comes after
    // it, whatever the last digits of the difference say
    constexpr double rounding = 0.0005;
    std::size_t most = 0;
    for (const auto& one : requests) // at its begin, how many others had begun and not ended?
        most = std::max<std::size_t>(most, std::ranges::count_if(requests, [&](const auto& other) {
                                         return &other == &one || (other.begin <= one.begin &&
                                                                   one.begin + rounding < other.end);
                                     }));
    return most;
}

} // namespace oneloop::testing
