#pragma once

#include "core/poll_set.hpp"
#include "http_client/easy.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

namespace oneloop::http {

/// One CURLM on one loop: its sockets in our epoll, its timer on an Asio timer. Read it top to bottom in the
/// order of one transfer: add, on_timer, kick, on_socket, ready, drain.
class multi : public std::enable_shared_from_this<multi> {
public:
    using done_function = std::function<void(CURL*, CURLcode)>;

    /// `kept` connections at most stay open for further requests. `done` is called outside of libcurl's
    /// callbacks.
    multi(const executor& loop, std::size_t kept, done_function done);
    ~multi();

    /// The handle must stay until remove(), or until `done` was called for it. False if libcurl does not take
    /// it.
    [[nodiscard]] bool add(CURL* transfer);
    void remove(CURL* transfer);

    /// Goes on with a transfer whose write callback had paused it.
    void resume(CURL* transfer);

    /// Sockets are closed here: to be called for each handle once.
    void adopt(easy& e);

    /// ... and made here. Below 0 with errno if there is none to be had.
    curl_socket_t open_socket(const curl_sockaddr& address) noexcept;

    /// While no transfer runs the loop has no work because of this object.
    void rest_if_idle();

    /// Closes the connections that are kept for further requests. No transfer may be running.
    void close_connections();

    /// Closes the connections and calls nothing any more.
    void shut_down();

private:
    static int on_timer(CURLM*, long milliseconds, void* self);
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
    static int on_close(void* self, curl_socket_t fd);

    void set_timer(long milliseconds);
    void kick_soon();
    void go_on(CURL* transfer);
    void act(curl_socket_t fd, int events);
    void drain();
    void start_over();
    void open();
    void close();

    executor loop_;
    std::size_t kept_;
    done_function done_;
    std::shared_ptr<poll_set> sockets_;
    boost::asio::steady_timer timer_;
    CURLM* multi_ = nullptr;
    std::unordered_set<CURL*> running_;
    std::vector<CURL*> unpaused_;
    bool watching_ = false, kick_pending_ = false;
};

} // namespace oneloop::http
