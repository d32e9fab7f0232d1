#pragma once

#include "tests/support/tcp_server.hpp"

#include <mutex>
#include <set>

namespace oneloop::testing {

/// What a scripted server has seen: written by its thread, read by the test's.
class server_log {
public:
    void opened(boost::asio::ip::tcp::socket& socket) {
        std::lock_guard lock(mutex_);
        ++connections_;
        open_.insert(&socket);
    }
    void closed(boost::asio::ip::tcp::socket& socket) {
        std::lock_guard lock(mutex_);
        open_.erase(&socket);
    }
    void asked(tcp_server::request r) {
        std::lock_guard lock(mutex_);
        requests_.push_back(std::move(r));
        most_at_once_ = std::max(most_at_once_, ++at_once_);
    }
    void answered() {
        std::lock_guard lock(mutex_);
        --at_once_;
    }

    std::set<boost::asio::ip::tcp::socket*> open() const { return copy(&server_log::open_); }
    std::size_t connections() const { return copy(&server_log::connections_); }
    std::vector<tcp_server::request> requests() const { return copy(&server_log::requests_); }
    std::size_t most_at_once() const { return copy(&server_log::most_at_once_); }

private:
    template <class T>
    T copy(T server_log::*what) const {
        std::lock_guard lock(mutex_);
        return this->*what;
    }

    mutable std::mutex mutex_;
    std::set<boost::asio::ip::tcp::socket*> open_;
    std::vector<tcp_server::request> requests_;
    std::size_t connections_ = 0, at_once_ = 0, most_at_once_ = 0;
};

/// One connection in that log, from its beginning to its end, however that comes.
class server_visit {
public:
    server_visit(server_log& log, boost::asio::ip::tcp::socket& socket, std::size_t number)
        : log_(log), socket_(socket), number_(number) {
        log_.opened(socket_);
    }
    ~server_visit() {
        answered();
        log_.closed(socket_);
    }
    server_visit(const server_visit&) = delete;
    server_visit& operator=(const server_visit&) = delete;

    boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }
    std::size_t number() const noexcept { return number_; }

    void asked(std::string bytes) {
        answered();
        waits_ = true;
        log_.asked({std::move(bytes), number_, tcp_server::clock::now()});
    }
    void answered() {
        if (std::exchange(waits_, false))
            log_.answered();
    }

    std::string read; // and not yet part of a request

private:
    server_log& log_;
    boost::asio::ip::tcp::socket& socket_;
    std::size_t number_;
    bool waits_ = false;
};

} // namespace oneloop::testing
