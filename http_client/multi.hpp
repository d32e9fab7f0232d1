#pragma once

#include "core/poll_set.hpp"
#include "http_client/easy.hpp"
#include <oneloop/deadline.hpp>

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace oneloop::http {

class multi;

template <class Which>
using list_of = boost::intrusive::list<
    easy, boost::intrusive::base_hook<place_in<Which>>, boost::intrusive::constant_time_size<false>>;

/// One CURLM, and what it has yet to do.
struct lane {
    explicit lane(multi& m, const executor& loop) : home(m), timer(loop) {}

    multi& home;
    boost::asio::steady_timer timer;
    CURLM* handle = nullptr; // made when it is needed
    bool timer_is_set = false, kick_wanted = false, kick_posted = false;
    std::size_t begun = 0; // since the last kick, in which libcurl begins them all
    list_of<running_ones> running;
    list_of<waiting_ones> to_begin; // of those that run
    list_of<early_ones> early;      // the same: whose answers came while they were sent
};

/// libcurl on one loop: its sockets in our epoll, its timers on Asio timers. In the order of one transfer:
/// add, begin, on_timer, kick, on_socket, act, drain, tell.
///
/// There are several CURLMs, called lanes, because libcurl walks through the connections of a host for each
/// new request, and through all connections after each. A connection stays in its lane: who wants to use it
/// again adds the next transfer to the same one.
class multi : public std::enable_shared_from_this<multi> {
public:
    using done_function = std::function<void(easy&, CURLcode)>;

    /// `kept` connections at most stay open in each lane for further requests. `done` is called outside of
    /// libcurl's callbacks, and as the last thing: it may do what it likes, even throw.
    multi(const executor& loop, std::size_t lanes, std::size_t kept, done_function done);

    /// For connections of HTTP/1: what comes while nobody has asked is nobody's answer, so that connection is
    /// done with. libcurl before 8 would give it to the next request. (A server of HTTP/2 may speak then.)
    void distrust_idle_connections();
    ~multi();

    /// The handle must stay until remove(), or until `done` was called for it. False if libcurl does not take
    /// it.
    [[nodiscard]] bool add(easy& transfer, std::size_t lane);
    void remove(easy& transfer);

    /// A piece of a large body has come. While all that run have large bodies, those are taken once in a
    /// millisecond and not packet by packet: to be woken for each costs more than to receive it.
    void got_large_piece(easy& transfer);

    /// Over HTTP/2 the answer may end before the request. libcurl 7.88 finds out when it has sent the rest,
    /// tells nobody, and waits for a socket that has no more to say: from now on it is called once more each
    /// time.
    void answered_early(easy& transfer);

    /// Goes on with a transfer whose write callback had paused it.
    void resume(easy& transfer);

    /// Sockets are closed here: to be called for each handle once.
    void adopt(easy& e);

    /// ... and made here. Below 0 with errno if there is none to be had.
    curl_socket_t open_socket(const curl_sockaddr& address) noexcept;

    /// The time, read once for each turn of libcurl's: for its callbacks, which come by the dozen.
    deadline::clock::time_point now() {
        if (!now_)
            now_ = deadline::clock::now();
        return *now_;
    }

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

    void set_timer(lane&, long milliseconds);
    void kick_soon(lane&);
    void kick(lane&);
    void end_turn();
    void leave_turn();
    bool begin(lane&, easy& transfer);
    void forget(easy& transfer);
    void set_large(easy& transfer, bool);
    void begin_more(lane&);
    void go_on();
    void act(lane&, curl_socket_t fd, int events);
    static CURLMcode look_again(lane&);
    void drain(lane&);
    void tell(lane&, easy& transfer, CURLcode);
    void start_over(lane&);
    void open(lane&);
    void close(lane&);
    void note(curl_socket_t fd, lane&);
    lane& lane_of(curl_socket_t fd) const noexcept;
    bool is_used(curl_socket_t fd) const noexcept;

    executor loop_;
    std::size_t kept_;
    done_function done_;
    std::shared_ptr<poll_set> sockets_;
    std::vector<std::unique_ptr<lane>> lanes_;
    std::vector<lane*> by_socket_; // which told of it last, where there are several
    list_of<unpaused_ones> unpaused_;
    std::ptrdiff_t running_ = 0, large_ = 0;
    std::optional<deadline::clock::time_point> now_;
    bool watching_ = false, in_turn_ = false, got_large_piece_ = false;
};

} // namespace oneloop::http
