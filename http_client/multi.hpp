#pragma once

#include "core/poll_set.hpp"
#include "http_client/easy.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace oneloop::http {

/// libcurl on one loop: its sockets in our epoll, its timers on Asio timers. Read it top to bottom in the
/// order of one transfer: add, on_timer, kick, on_socket, ready, drain.
///
/// There are several CURLMs, called lanes, because libcurl walks through the connections of a host for each
/// new request, and through all connections after each. A connection stays in its lane: who wants to use it
/// again adds the next transfer to the same one.
class multi : public std::enable_shared_from_this<multi> {
public:
    using done_function = std::function<void(CURL*, CURLcode)>;

    /// `kept` connections at most stay open in each lane for further requests. `done` is called outside of
    /// libcurl's callbacks.
    multi(const executor& loop, std::size_t lanes, std::size_t kept, done_function done);
    ~multi();

    /// The handle must stay until remove(), or until `done` was called for it. False if libcurl does not take
    /// it.
    [[nodiscard]] bool add(CURL* transfer, std::size_t lane);
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
    struct lane {
        explicit lane(multi& m) : home(m), timer(m.loop_) {}

        multi& home;
        boost::asio::steady_timer timer;
        CURLM* handle = nullptr; // made when it is needed
        bool kick_pending = false;
        std::size_t begun = 0;      // since the last kick, in which libcurl begins them all
        std::deque<CURL*> to_begin; // some may have been removed since
    };
    struct course {
        lane* where;
        bool begun;
    };

    static int on_timer(CURLM*, long milliseconds, void* self);
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
    static int on_close(void* self, curl_socket_t fd);

    void set_timer(lane&, long milliseconds);
    void kick_soon(lane&);
    bool begin(lane&, CURL* transfer);
    void begin_more(lane&);
    void go_on(CURL* transfer);
    void act(lane&, curl_socket_t fd, int events);
    void drain(lane&);
    void start_over(lane&);
    void open(lane&);
    void close(lane&);
    void note(curl_socket_t fd, lane&);
    lane& lane_of(curl_socket_t fd) const noexcept;

    executor loop_;
    std::size_t kept_;
    done_function done_;
    std::shared_ptr<poll_set> sockets_;
    std::vector<std::unique_ptr<lane>> lanes_;
    std::vector<lane*> by_socket_; // which told of it last, where there are several
    std::unordered_map<CURL*, course> running_;
    std::vector<CURL*> unpaused_;
    bool watching_ = false;
};

} // namespace oneloop::http
