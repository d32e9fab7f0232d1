#include "http_client/multi.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

namespace oneloop::http {
namespace {

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
    ++running_;
    if (transfer.last_body >= easy::large_body) // the best guess
        set_large(transfer, true);
    else
        sockets_->look_again_after({});
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
    --running_;
    set_large(transfer, false);
    transfer.place_in<running_ones>::unlink();
    transfer.place_in<waiting_ones>::unlink();
    transfer.place_in<unpaused_ones>::unlink();
    transfer.place_in<early_ones>::unlink();
    transfer.works_in = nullptr;
    transfer.begun = transfer.connected = false;
    transfer.socket = CURL_SOCKET_BAD;
}

void multi::rest_if_idle() {
    if (!watching_ || !std::ranges::all_of(lanes_, [](const auto& l) { return l->running.empty(); }))
        return;
    watching_ = in_turn_ = false;
    sockets_->rest();
    for (const auto& each : lanes_)
        each->timer.cancel();
}

void multi::set_large(easy& transfer, bool large) {
    if (std::exchange(transfer.large, large) != large)
        large_ += large ? 1 : -1;
}

void multi::got_large_piece(easy& transfer) {
    got_large_piece_ = true;
    if (transfer.works_in)
        set_large(transfer, true);
}

void multi::answered_early(easy& transfer) {
    if (transfer.works_in && !transfer.place_in<early_ones>::is_linked())
        transfer.works_in->early.push_back(transfer);
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

} // namespace oneloop::http
