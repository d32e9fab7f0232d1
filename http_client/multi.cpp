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
        lanes_.push_back(std::make_unique<lane>(*this));
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
    std::erase_if(running_, [&](const auto& running) {
        if (running.second.where != &l)
            return false;
        if (running.second.begun)
            curl_multi_remove_handle(l.handle, running.first);
        return true;
    });
    l.to_begin.clear();
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

bool multi::add(CURL* transfer, std::size_t which) {
    lane& l = *lanes_.at(which);
    if (!l.handle)
        open(l);
    running_.emplace(transfer, course{&l, false});
    if (!watching_) {
        watching_ = true;
        sockets_->run([this](int fd, unsigned what) {
            act(lane_of(fd), fd,
                (what & readable ? CURL_CSELECT_IN : 0) | (what & writable ? CURL_CSELECT_OUT : 0));
        });
    }
    if (l.begun < most_in_a_turn && l.to_begin.empty())
        return begin(l, transfer);
    l.to_begin.push_back(transfer);
    kick_soon(l);
    return true;
}

bool multi::begin(lane& l, CURL* transfer) {
    // Asks for its first turn through on_timer
    if (curl_multi_add_handle(l.handle, transfer) != CURLM_OK) {
        running_.erase(transfer);
        return false;
    }
    running_.at(transfer).begun = true;
    ++l.begun;
    return true;
}

void multi::begin_more(lane& l) {
    l.begun = 0;
    while (l.handle && l.begun < most_in_a_turn && !l.to_begin.empty()) {
        CURL* const transfer = l.to_begin.front();
        l.to_begin.pop_front();
        const auto found = running_.find(transfer);
        const bool waits = found != running_.end() && found->second.where == &l && !found->second.begun;
        if (waits && !begin(l, transfer) && done_)
            done_(transfer, CURLE_FAILED_INIT);
    }
    if (!l.to_begin.empty())
        kick_soon(l);
}

void multi::remove(CURL* transfer) {
    const auto running = running_.find(transfer);
    if (running == running_.end())
        return;
    const course was = running->second;
    running_.erase(running);
    std::erase(unpaused_, transfer);
    if (was.begun)
        curl_multi_remove_handle(was.where->handle, transfer);
}

void multi::rest_if_idle() {
    if (!running_.empty() || !watching_)
        return;
    watching_ = false;
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
    if (milliseconds < 0) {
        l.timer.cancel();
        return;
    }
    l.timer.expires_after(std::chrono::milliseconds(milliseconds));
    l.timer.async_wait([weak = weak_from_this(), &l](error_code stopped) {
        if (auto alive = weak.lock(); alive && !stopped)
            alive->act(l, CURL_SOCKET_TIMEOUT, 0);
    });
}

void multi::kick_soon(lane& l) {
    if (std::exchange(l.kick_pending, true))
        return;
    asio::post(loop_, [weak = weak_from_this(), &l] {
        if (auto alive = weak.lock()) {
            l.kick_pending = false;
            alive->act(l, CURL_SOCKET_TIMEOUT, 0);
            alive->begin_more(l);
        }
    });
}

void multi::resume(CURL* transfer) {
    // Going on may call the write callback before curl_easy_pause returns: do it in a turn of our own
    const auto running = running_.find(transfer);
    if (running == running_.end())
        return;
    unpaused_.push_back(transfer);
    kick_soon(*running->second.where);
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

multi::lane& multi::lane_of(curl_socket_t fd) const noexcept {
    const auto number = static_cast<std::size_t>(fd);
    lane* const known = number < by_socket_.size() ? by_socket_[number] : nullptr;
    return known ? *known : *lanes_.front();
}

void multi::act(lane& l, curl_socket_t fd, int events) {
    if (!l.handle)
        return;
    const auto alive = shared_from_this();
    for (CURL* transfer : std::exchange(unpaused_, {}))
        go_on(transfer);
    int still_running = 0;
    const CURLMcode code = curl_multi_socket_action(l.handle, fd, events, &still_running);
    if (code != CURLM_OK && code != CURLM_BAD_SOCKET)
        start_over(l);
    else
        drain(l);
}

// What libcurl had kept back goes to the write callback at once, which may refuse it.
void multi::go_on(CURL* transfer) {
    const auto running = running_.find(transfer);
    if (running == running_.end() || !running->second.begun)
        return; // it has ended since, and its handle may wait for the first turn of another
    const CURLcode code = curl_easy_pause(transfer, CURLPAUSE_CONT);
    if (code == CURLE_OK)
        return;
    remove(transfer);
    if (done_)
        done_(transfer, code);
}

void multi::drain(lane& l) {
    int left = 0;
    while (CURLMsg* message = l.handle ? curl_multi_info_read(l.handle, &left) : nullptr) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL* transfer = message->easy_handle;
        const CURLcode code = message->data.result; // the message dies with remove()
        remove(transfer);
        if (done_)
            done_(transfer, code);
    }
}

// After an error of the multi handle itself its state is not to be relied on (libcurl-errors(3)): every
// transfer fails and a new one takes its place.
void multi::start_over(lane& l) {
    std::vector<CURL*> lost;
    for (const auto& [transfer, course] : running_)
        if (course.where == &l)
            lost.push_back(transfer);
    close(l);
    for (CURL* transfer : lost)
        if (done_)
            done_(transfer, CURLE_FAILED_INIT);
}

} // namespace oneloop::http
