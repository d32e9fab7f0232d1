#pragma once

/// A server that does what a script says, on a thread and a loop of its own: the rude, slow and silent
/// servers that no real one can be made to be.

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace oneloop::testing {

/// How many of the bytes that were read are the first request; 0 as long as it is not complete.
using request_length = std::function<std::size_t(std::string_view)>;

/// What the server does with one connection, in this order. After the last step the connection is closed.
class script {
public:
    enum class kind {
        expect,
        send,
        send_slowly,
        flood,
        wait_for_requests,
        hang,
        stall,
        reset,
        half_close,
        repeat
    };
    struct step {
        kind what;
        std::string bytes;
        std::size_t count = 0;
        request_length length = nullptr;
    };

    /// Reads one request and notes it. Its answer counts as done at the next expect.
    script& expect(request_length length) { return add(kind::expect, {}, 0, std::move(length)); }
    /// One that is read until `end`.
    script& expect(const std::string& end) {
        return expect([end](std::string_view read) {
            const auto at = read.find(end);
            return at == read.npos ? 0 : at + end.size();
        });
    }
    script& expect_request() { return expect("\r\n\r\n"); }
    script& send(std::string bytes) { return add(kind::send, std::move(bytes)); }
    /// One byte per write and packet.
    script& send_slowly(std::string bytes) { return add(kind::send_slowly, std::move(bytes)); }
    /// Again and again, until the client closes.
    script& flood(std::string bytes) { return add(kind::flood, std::move(bytes)); }
    /// Goes on when the server has seen `n` requests on all its connections: proof that they were there at
    /// once.
    script& wait_for_requests(std::size_t n) { return add(kind::wait_for_requests, {}, n); }
    /// Reads and drops whatever comes, answers nothing, until the client closes or the server stops.
    script& hang() { return add(kind::hang); }
    /// Does not even read, until the server stops.
    script& stall() { return add(kind::stall); }
    script& reset() { return add(kind::reset); }
    /// Sends FIN and goes on.
    script& half_close() { return add(kind::half_close); }
    /// From the beginning again, until the client closes.
    script& repeat() { return add(kind::repeat); }

    /// Goes on with the steps of another script.
    script& then(const script& more) {
        steps_.insert(steps_.end(), more.steps_.begin(), more.steps_.end());
        return *this;
    }

    const std::vector<step>& steps() const noexcept { return steps_; }

private:
    script& add(kind what, std::string bytes = {}, std::size_t count = 0, request_length length = nullptr) {
        steps_.push_back({what, std::move(bytes), count, std::move(length)});
        return *this;
    }
    std::vector<step> steps_;
};

/// Answers every request of every connection: 200 and `body`.
script http_answers(const std::string& body);

class tcp_server_options {
public:
    tcp_server_options() = default;
    tcp_server_options& ipv6() { return address_ = boost::asio::ip::address_v6::loopback(), *this; }
    /// Another address of the loopback, at a port that is known to be free there: for names with two
    /// addresses.
    tcp_server_options& at(const std::string& address, std::uint16_t port) {
        return address_ = boost::asio::ip::make_address(address), port_ = port, *this;
    }
    /// TLS with this certificate and key (PEM files).
    tcp_server_options& tls(std::filesystem::path certificate, std::filesystem::path key) {
        return certificate_ = std::move(certificate), key_ = std::move(key), *this;
    }

    /// Agrees to this protocol in the handshake, if the client offers it ("h2").
    tcp_server_options& alpn(std::string protocol) { return alpn_ = std::move(protocol), *this; }

    boost::asio::ip::address address_ = boost::asio::ip::address_v4::loopback();
    std::uint16_t port_ = 0;
    std::filesystem::path certificate_, key_;
    std::string alpn_;
};

/// Bound to a free port of the loopback; stops, with all its connections, when it is destroyed.
class tcp_server {
public:
    using clock = std::chrono::steady_clock;
    struct request {
        std::string bytes;
        std::size_t connection;
        clock::time_point at;
    };

    explicit tcp_server(script every_connection, tcp_server_options options = {});
    /// The script of the n-th connection, counted from 0. Called on the server's thread.
    explicit tcp_server(std::function<script(std::size_t)> nth_connection, tcp_server_options options = {});
    ~tcp_server();

    std::uint16_t port() const noexcept { return port_; }
    /// "http://127.0.0.1:4711/path"; https with a certificate.
    std::string url(const std::string& path = "/") const { return base_ + path; }

    std::size_t connections() const; ///< accepted so far
    std::size_t open_connections() const;
    std::vector<request> requests() const;
    std::size_t most_requests_at_once() const;

    /// What was seen can still be asked for.
    void stop();

private:
    class inside;
    std::unique_ptr<inside> inside_;
    std::shared_ptr<class server_log> log_;
    std::uint16_t port_;
    std::string base_;
};

} // namespace oneloop::testing
