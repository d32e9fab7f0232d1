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

} // namespace

multi::multi(const executor& loop, std::size_t kept, done_function done)
    : loop_(loop),
      kept_(kept),
      done_(std::move(done)),
      sockets_(std::make_shared<poll_set>(loop)),
      timer_(loop) {
    init_curl();
    open();
}

multi::~multi() {
    sockets_->rest();
    close();
}

void multi::open() {
    multi_ = curl_multi_init();
    if (!multi_)
        throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &multi::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &multi::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    // Fewer than there are transfers at once would mean a new connection for almost every request
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(kept_));
    // Of use to those handles only that ask for HTTP/2
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(
        multi_, CURLMOPT_MAX_CONCURRENT_STREAMS,
        static_cast<long>(std::clamp<std::size_t>(kept_, 100, 100'000))
    );
}

void multi::close() {
    for (CURL* transfer : std::exchange(running_, {}))
        curl_multi_remove_handle(multi_, transfer);
    if (multi_)
        curl_multi_cleanup(multi_);
    multi_ = nullptr;
}

void multi::close_connections() {
    // libcurl has no call for it but the end of the handle that keeps them
    close();
    open();
}

void multi::shut_down() {
    done_ = nullptr;
    close();
    sockets_->rest();
    timer_.cancel();
}

void multi::adopt(easy& e) {
    e.set(CURLOPT_CLOSESOCKETFUNCTION, &multi::on_close);
    e.set(CURLOPT_CLOSESOCKETDATA, this);
}

bool multi::add(CURL* transfer) {
    running_.insert(transfer);
    if (!watching_) {
        watching_ = true;
        sockets_->run([this](int fd, unsigned what) {
            act(fd, (what & readable ? CURL_CSELECT_IN : 0) | (what & writable ? CURL_CSELECT_OUT : 0));
        });
    }
    // Asks for its first turn through on_timer
    if (curl_multi_add_handle(multi_, transfer) == CURLM_OK)
        return true;
    running_.erase(transfer);
    return false;
}

void multi::remove(CURL* transfer) {
    if (running_.erase(transfer) == 0)
        return;
    std::erase(unpaused_, transfer);
    curl_multi_remove_handle(multi_, transfer);
}

void multi::rest_if_idle() {
    if (!running_.empty() || !watching_)
        return;
    watching_ = false;
    sockets_->rest();
    timer_.cancel();
}

int multi::on_timer(CURLM*, long milliseconds, void* self) {
    return unless_it_throws([&] { static_cast<multi*>(self)->set_timer(milliseconds); });
}

void multi::set_timer(long milliseconds) {
    if (milliseconds == 0)
        return kick_soon(); // libcurl must not be called from its own callback
    if (milliseconds < 0) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::chrono::milliseconds(milliseconds));
    timer_.async_wait([weak = weak_from_this()](error_code stopped) {
        if (auto alive = weak.lock(); alive && !stopped)
            alive->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void multi::kick_soon() {
    if (std::exchange(kick_pending_, true))
        return;
    asio::post(loop_, [weak = weak_from_this()] {
        if (auto alive = weak.lock()) {
            alive->kick_pending_ = false;
            alive->act(CURL_SOCKET_TIMEOUT, 0);
        }
    });
}

void multi::resume(CURL* transfer) {
    // Going on may call the write callback before curl_easy_pause returns: do it in a turn of our own
    unpaused_.push_back(transfer);
    kick_soon();
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
    return unless_it_throws([&] { static_cast<multi*>(self)->sockets_->want(fd, wanted); });
}

void multi::act(curl_socket_t fd, int events) {
    if (!multi_)
        return;
    const auto alive = shared_from_this();
    for (CURL* transfer : std::exchange(unpaused_, {}))
        go_on(transfer);
    int still_running = 0;
    const CURLMcode code = curl_multi_socket_action(multi_, fd, events, &still_running);
    if (code != CURLM_OK && code != CURLM_BAD_SOCKET)
        start_over();
    else
        drain();
}

// What libcurl had kept back goes to the write callback at once, which may refuse it.
void multi::go_on(CURL* transfer) {
    const CURLcode code = curl_easy_pause(transfer, CURLPAUSE_CONT);
    if (code == CURLE_OK)
        return;
    remove(transfer);
    if (done_)
        done_(transfer, code);
}

void multi::drain() {
    int left = 0;
    while (CURLMsg* message = multi_ ? curl_multi_info_read(multi_, &left) : nullptr) {
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
void multi::start_over() {
    const auto lost = running_;
    close();
    open();
    for (CURL* transfer : lost)
        if (done_)
            done_(transfer, CURLE_FAILED_INIT);
}

} // namespace oneloop::http
