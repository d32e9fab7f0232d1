// The turns of libcurl: what it waits for, when it is called, and what has ended in it.

#include "http_client/multi.hpp"

#include <boost/asio/post.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace oneloop::http {

namespace asio = boost::asio;

namespace {

// At a gigabit a second 125 KB come meanwhile.
constexpr std::chrono::milliseconds until_more_has_come{1};

// libcurl is C: nothing may be thrown through it. What can be thrown there is bad_alloc; -1 ends the
// transfers.
template <class Callback>
int unless_it_throws(Callback callback) noexcept {
    try {
        callback();
        return 0;
    } catch (...) {
        return -1;
    }
}

// 0 if it has none.
long local_port(curl_socket_t fd) noexcept {
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_storage room;
    } address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, &address.any, &size) != 0)
        return 0;
    return address.any.sa_family == AF_INET    ? ntohs(address.v4.sin_port)
           : address.any.sa_family == AF_INET6 ? ntohs(address.v6.sin6_port)
                                               : 0;
}

} // namespace

int multi::on_socket(CURL* transfer, curl_socket_t fd, int what, void* self, void*) {
    // CURL_POLL_REMOVE means "stop watching", not "closed": the connection may serve the next request
    const unsigned wanted = what == CURL_POLL_REMOVE ? not_ready
                                                     : (what & CURL_POLL_IN ? readable : 0U) |
                                                           (what & CURL_POLL_OUT ? writable : 0U);
    lane& l = *static_cast<lane*>(self);
    if (wanted != not_ready)
        easy::of(transfer).socket = fd;
    return unless_it_throws([&] {
        l.home.note(fd, l);
        l.home.sockets_->want(fd, wanted);
    });
}

void multi::note(curl_socket_t fd, lane& l) {
    const auto number = static_cast<std::size_t>(fd);
    if (lanes_.size() == 1)
        return;
    if (number >= by_socket_.size())
        by_socket_.resize(number + 1, nullptr);
    by_socket_[number] = &l;
}

lane& multi::lane_of(curl_socket_t fd) const noexcept {
    const auto number = static_cast<std::size_t>(fd);
    lane* const known = number < by_socket_.size() ? by_socket_[number] : nullptr;
    return known ? *known : *lanes_.front();
}

void multi::distrust_idle_connections() {
    sockets_->when_unwanted([this](int fd) {
        if (!is_used(fd))
            ::shutdown(fd, SHUT_RDWR); // libcurl finds it dead when it looks for one, and closes it
    });
}

// Also by one that is paused. One that paused before libcurl had to wait for it is known by the connection's
// port.
bool multi::is_used(curl_socket_t fd) const noexcept {
    const long port = local_port(fd);
    const auto uses = [fd, port](const easy& e) {
        return e.socket == fd ||
               (e.socket == CURL_SOCKET_BAD && e.connected && e.info<long>(CURLINFO_LOCAL_PORT) == port);
    };
    return std::ranges::any_of(lanes_, [&](const auto& l) { return std::ranges::any_of(l->running, uses); });
}

int multi::on_timer(CURLM*, long milliseconds, void* self) {
    lane& l = *static_cast<lane*>(self);
    return unless_it_throws([&] { l.home.set_timer(l, milliseconds); });
}

void multi::set_timer(lane& l, long milliseconds) {
    if (milliseconds == 0)
        return kick_soon(l); // libcurl must not be called from its own callback
    if (std::exchange(l.timer_is_set, false))
        l.timer.cancel();
    if (milliseconds < 0 || milliseconds >= limit_that_is_none / 2)
        return;
    l.timer_is_set = true;
    l.timer.expires_after(std::chrono::milliseconds(milliseconds));
    l.timer.async_wait([weak = weak_from_this(), &l](error_code stopped) {
        const auto alive = weak.lock();
        if (!alive || stopped)
            return;
        l.timer_is_set = false;
        alive->act(l, CURL_SOCKET_TIMEOUT, 0);
    });
}

// At the end of this turn if one is under way, in one of its own otherwise.
void multi::kick_soon(lane& l) {
    l.kick_wanted = true;
    if (in_turn_ || std::exchange(l.kick_posted, true))
        return;
    asio::post(loop_, [weak = weak_from_this(), &l] {
        const auto alive = weak.lock();
        if (!alive)
            return;
        l.kick_posted = false;
        if (l.kick_wanted)
            alive->sockets_->deliver();
    });
}

void multi::kick(lane& l) {
    const auto alive = shared_from_this();
    l.kick_wanted = false;
    begin_more(l);
    act(l, CURL_SOCKET_TIMEOUT, 0);
    l.begun = 0;
}

// Who wanted to be kicked meanwhile has waited for the end of the turn; what that leads to is for the next.
void multi::end_turn() {
    in_turn_ = true;
    for (const auto& each : lanes_)
        if (each->kick_wanted)
            kick(*each);
    const bool only_large = std::exchange(got_large_piece_, false) && running_ == large_;
    sockets_->look_again_after(only_large ? until_more_has_come : std::chrono::milliseconds::zero());
    leave_turn();
}

void multi::leave_turn() {
    in_turn_ = false;
    for (const auto& each : lanes_)
        if (each->kick_wanted)
            kick_soon(*each);
}

void multi::act(lane& l, curl_socket_t fd, int events) {
    if (!l.handle)
        return;
    const auto alive = shared_from_this();
    now_.reset();
    go_on();
    int still_running = 0;
    CURLMcode code = curl_multi_socket_action(l.handle, fd, events, &still_running);
    if (code == CURLM_OK && !l.early.empty())
        code = look_again(l);
    if (code != CURLM_OK && code != CURLM_BAD_SOCKET)
        start_over(l);
    else
        drain(l);
}

CURLMcode multi::look_again(lane& l) {
    std::vector<curl_socket_t> those;
    for (const easy& each : l.early)
        those.push_back(each.socket);
    std::ranges::sort(those); // many requests may share a connection
    those.erase(std::unique(those.begin(), those.end()), those.end());
    int still_running = 0;
    CURLMcode code = CURLM_OK;
    for (std::size_t i = 0; i < those.size() && code == CURLM_OK; ++i)
        if (those[i] != CURL_SOCKET_BAD) // which would mean a time limit
            code = curl_multi_socket_action(l.handle, those[i], CURL_CSELECT_IN, &still_running);
    return code;
}

// What libcurl had kept back goes to the write callback at once, which may refuse it.
void multi::go_on() {
    list_of<unpaused_ones> those;
    those.swap(unpaused_);
    while (!those.empty()) {
        easy& transfer = those.front();
        those.pop_front();
        if (!transfer.begun)
            continue; // its handle waits for the first turn of another
        lane& l = *transfer.works_in;
        if (const CURLcode code = curl_easy_pause(transfer.handle(), CURLPAUSE_CONT); code != CURLE_OK) {
            remove(transfer);
            tell(l, transfer, code);
        }
    }
}

void multi::drain(lane& l) {
    int left = 0;
    while (CURLMsg* message = l.handle ? curl_multi_info_read(l.handle, &left) : nullptr) {
        if (message->msg != CURLMSG_DONE)
            continue;
        easy& transfer = easy::of(message->easy_handle);
        const CURLcode code = message->data.result; // the message dies with remove()
        remove(transfer);
        tell(l, transfer, code);
    }
}

void multi::tell(lane& l, easy& transfer, CURLcode code) {
    const auto done = done_; // which may shut this down
    if (!done)
        return;
    try {
        done(transfer, code);
    } catch (...) { // thrown by the program, through its loop: the others are told in a turn of their own
        l.kick_wanted = true;
        leave_turn();
        throw;
    }
}

// After an error of the multi handle itself its state is not to be relied on (libcurl-errors(3)): every
// transfer fails and a new one takes its place.
void multi::start_over(lane& l) {
    std::vector<easy*> lost;
    for (easy& each : l.running)
        lost.push_back(&each);
    close(l);
    for (easy* each : lost)
        tell(l, *each, CURLE_FAILED_INIT);
}

} // namespace oneloop::http
