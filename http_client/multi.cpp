#include "http_client/multi.hpp"

#include <boost/asio/post.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

namespace oneloop::http {

namespace asio = boost::asio;

namespace {

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

// So many transfers begin in one turn of the loop: to connect takes libcurl and the kernel 50 us or more for
// each.
constexpr std::size_t most_in_a_turn = 64;

} // namespace

multi::multi(const executor& loop, std::size_t lanes, std::size_t kept, done_function done)
    : loop_(loop), kept_(kept), done_(std::move(done)), sockets_(std::make_shared<poll_set>(loop)) {
    init_curl();
    while (lanes_.size() < lanes)
        lanes_.push_back(std::make_unique<lane>(*this, loop_));
    open(*lanes_.front());
}

multi::~multi() {
    sockets_->rest();
    for (const auto& each : lanes_)
        close(*each);
}

void multi::open(lane& l) {
    l.handle = curl_multi_init();
    if (!l.handle)
        throw std::bad_alloc();
    curl_multi_setopt(l.handle, CURLMOPT_SOCKETFUNCTION, &multi::on_socket);
    curl_multi_setopt(l.handle, CURLMOPT_SOCKETDATA, &l);
    curl_multi_setopt(l.handle, CURLMOPT_TIMERFUNCTION, &multi::on_timer);
    curl_multi_setopt(l.handle, CURLMOPT_TIMERDATA, &l);
    // Fewer than there are transfers at once would mean a new connection for almost every request
    curl_multi_setopt(l.handle, CURLMOPT_MAXCONNECTS, static_cast<long>(kept_));
    // Of use to those handles only that ask for HTTP/2
    curl_multi_setopt(l.handle, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(
        l.handle, CURLMOPT_MAX_CONCURRENT_STREAMS,
        static_cast<long>(std::clamp<std::size_t>(kept_, 100, 100'000))
    );
}

void multi::close(lane& l) {
    if (!l.handle)
        return;
    while (!l.running.empty())
        remove(l.running.front());
    curl_multi_cleanup(l.handle);
    l.handle = nullptr;
}

void multi::close_connections() {
    // libcurl has no call for it but the end of the handle that keeps them
    for (const auto& each : lanes_)
        close(*each);
}

void multi::shut_down() {
    done_ = nullptr;
    for (const auto& each : lanes_) {
        close(*each);
        each->timer.cancel();
    }
    sockets_->rest();
}

void multi::adopt(easy& e) {
    e.set(CURLOPT_CLOSESOCKETFUNCTION, &multi::on_close);
    e.set(CURLOPT_CLOSESOCKETDATA, this);
}

bool multi::add(easy& transfer, std::size_t which) {
    lane& l = *lanes_.at(which);
    if (!l.handle)
        open(l);
    l.running.push_back(transfer);
    transfer.works_in = &l;
    if (!watching_) {
        watching_ = true;
        sockets_->run(
            [this](int fd, unsigned what) {
                in_turn_ = true;
                act(lane_of(fd), fd,
                    (what & readable ? CURL_CSELECT_IN : 0) | (what & writable ? CURL_CSELECT_OUT : 0));
            },
            [alive = weak_from_this()] {
                if (const auto self = alive.lock())
                    self->end_turn();
            }
        );
    }
    // Requests that go out one by one between the answers wake a server that is faster than us for each of
    // them; together they keep it busy. libcurl would begin them with the next socket that it is called for
    if (!in_turn_ && l.begun < most_in_a_turn && l.to_begin.empty())
        return begin(l, transfer);
    l.to_begin.push_back(transfer);
    kick_soon(l);
    return true;
}

bool multi::begin(lane& l, easy& transfer) {
    // Asks for its first turn through on_timer
    if (curl_multi_add_handle(l.handle, transfer.handle()) != CURLM_OK) {
        forget(transfer);
        return false;
    }
    transfer.begun = true;
    ++l.begun;
    return true;
}

void multi::begin_more(lane& l) {
    while (l.handle && l.begun < most_in_a_turn && !l.to_begin.empty()) {
        easy& transfer = l.to_begin.front();
        l.to_begin.pop_front();
        if (!begin(l, transfer))
            tell(l, transfer, CURLE_FAILED_INIT);
    }
    if (!l.to_begin.empty())
        kick_soon(l);
}

void multi::remove(easy& transfer) {
    lane* const l = transfer.works_in;
    const bool begun = transfer.begun;
    if (!l)
        return;
    forget(transfer);
    if (begun)
        curl_multi_remove_handle(l->handle, transfer.handle());
}

void multi::forget(easy& transfer) {
    transfer.place_in<running_ones>::unlink();
    transfer.place_in<waiting_ones>::unlink();
    transfer.place_in<unpaused_ones>::unlink();
    transfer.works_in = nullptr;
    transfer.begun = false;
}

void multi::rest_if_idle() {
    if (!watching_ || !std::ranges::all_of(lanes_, [](const auto& l) { return l->running.empty(); }))
        return;
    watching_ = in_turn_ = false;
    sockets_->rest();
    for (const auto& each : lanes_)
        each->timer.cancel();
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
    leave_turn();
}

void multi::leave_turn() {
    in_turn_ = false;
    for (const auto& each : lanes_)
        if (each->kick_wanted)
            kick_soon(*each);
}

void multi::resume(easy& transfer) {
    // Going on may call the write callback before curl_easy_pause returns: do it in a turn of our own
    if (!transfer.works_in || transfer.place_in<unpaused_ones>::is_linked())
        return;
    unpaused_.push_back(transfer);
    kick_soon(*transfer.works_in);
}

curl_socket_t multi::open_socket(const curl_sockaddr& address) noexcept {
    const int fd = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
    // 7.88 closes sockets without telling when a connect is cancelled, so the number may be an old
    // acquaintance
    if (fd >= 0)
        sockets_->forget(fd);
    return fd;
}

int multi::on_close(void* self, curl_socket_t fd) {
    static_cast<multi*>(self)->sockets_->closing(fd);
    return ::close(fd);
}

int multi::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    // CURL_POLL_REMOVE means "stop watching", not "closed": the connection may serve the next request
    const unsigned wanted = what == CURL_POLL_REMOVE ? not_ready
                                                     : (what & CURL_POLL_IN ? readable : 0U) |
                                                           (what & CURL_POLL_OUT ? writable : 0U);
    lane& l = *static_cast<lane*>(self);
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

void multi::act(lane& l, curl_socket_t fd, int events) {
    if (!l.handle)
        return;
    const auto alive = shared_from_this();
    now_.reset();
    go_on();
    int still_running = 0;
    const CURLMcode code = curl_multi_socket_action(l.handle, fd, events, &still_running);
    if (code != CURLM_OK && code != CURLM_BAD_SOCKET)
        start_over(l);
    else
        drain(l);
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
