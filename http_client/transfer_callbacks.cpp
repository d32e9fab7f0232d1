// While libcurl works: its callbacks take note, and refuse what must not be.

#include "core/words.hpp"
#include "http_client/request_check.hpp"
#include "http_client/transfer.hpp"
#include <oneloop/http/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

// What is read of the body of a redirect, so that its connection can be used again.
constexpr std::uint64_t most_of_a_redirect = std::uint64_t{64} << 10;

// Compression that pays: below this size any ratio is harmless.
constexpr std::uint64_t harmless_expansion = std::uint64_t{1} << 20;

// Of smaller pieces it is not asked whether they are those of a large body.
constexpr std::size_t worth_a_look = 4096;

} // namespace

int transfer::on_request(void* self, char*, char*, int, int) {
    auto& t = *static_cast<easy*>(self)->serves;
    // From here on bytes may be on the wire. libcurl comes here again when a kept connection turns out to be
    // dead and it repeats the request by itself: right for what may be repeated, and for nothing else. And it
    // comes here with an authorization, once for each 401.
    const auto begin = [&t]() -> std::size_t {
        t.easy_->connected = true;
        const bool asked_who = std::exchange(t.asked_who_, false);
        if (std::exchange(t.request_begun_, true) && !is_idempotent(t.method_) && !asked_who) {
            t.refusal_ = failure(error_code(CURLE_GOT_NOTHING, curl_category()))
                             .because("the server closed the connection on which the request was sent");
            return CURL_PREREQFUNC_ABORT;
        }
        // The answer to the request without an authorization is none to the one with it
        t.outcome_ =
            asked_who ? oneloop::outcome::in_doubt : std::max(t.outcome_, oneloop::outcome::in_doubt);
        t.repeat_on_a_new_connection();
        t.enter(t.sends_in_pieces() ? oneloop::phase::send : oneloop::phase::first_byte);
        return CURL_PREREQFUNC_OK;
    };
    return static_cast<int>(t.unless_it_throws(begin, CURL_PREREQFUNC_ABORT));
}

// When a server lets go of a connection others that it keeps for us are likely dead as well, and libcurl
// would try five of them, one after the other, before it gives up. (Digest asks twice on one connection,
// HTTP/2 has only one.)
void transfer::repeat_on_a_new_connection() {
    if (reused_connection() && !options.digest_ && !easy_->http2 && !std::exchange(easy_->fresh, true))
        easy_->set(CURLOPT_FRESH_CONNECT, 1L);
}

curl_socket_t transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& t = *static_cast<easy*>(self)->serves;
    if (t.guards_against(*address))
        return CURL_SOCKET_BAD;
    t.socket_ = t.driver_->open_socket(*address);
    if (t.socket_ < 0)
        t.no_socket_ = errno;
    return t.socket_;
}

// An SSL_CTX is made when the way to the peer is there.
CURLcode transfer::on_handshake(CURL*, void*, void* self) {
    auto& t = *static_cast<easy*>(self)->serves;
    const auto tell = [&t]() -> std::size_t {
        if (t.phase_begun && t.where() == oneloop::phase::tls)
            t.phase_begun();
        return CURLE_OK;
    };
    return static_cast<CURLcode>(t.unless_it_throws(tell, CURLE_OUT_OF_MEMORY));
}

// Once more, of the address that libcurl itself is about to dial.
bool transfer::guards_against(const curl_sockaddr& address) {
    if (!connection_.unix_socket.empty())
        return false;
    boost::asio::ip::tcp::endpoint to;
    if (address.addrlen > to.capacity())
        return true;
    std::memcpy(to.data(), &address.addr, address.addrlen);
    to.resize(address.addrlen);
    const char* why = defaults_.guard_.refuse(to.address());
    if (why)
        refusal_ = forbidden(why, is_proxied() ? "proxy" : "host");
    return why != nullptr;
}

bool transfer::goes_out() const noexcept {
    const auto p = limits.where();
    return p == oneloop::phase::send || (p == oneloop::phase::first_byte && !sends_in_pieces());
}

transfer::clock::time_point transfer::now() const {
    return driver_ ? driver_->now() : clock::now();
}

void transfer::enter(oneloop::phase p) {
    limits.enter(p, now());
    if (phase_begun)
        phase_begun();
}

std::size_t transfer::on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& t = *static_cast<easy*>(self)->serves;
    return t.unless_it_throws([&] { return t.header(std::string_view(data, size)); }, refused);
}

std::size_t transfer::on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& t = *static_cast<easy*>(self)->serves;
    return t.unless_it_throws([&] { return t.body(std::string_view(data, size)); }, refused);
}

// libcurl is C: nothing may be thrown through it. What can be thrown there is bad_alloc.
template <class Callback>
std::size_t transfer::unless_it_throws(Callback callback, std::size_t otherwise) noexcept {
    try {
        return callback();
    } catch (...) {
        refusal_ = failure(make_error_code(boost::system::errc::not_enough_memory));
        return otherwise;
    }
}

std::size_t transfer::on_read(char* to, std::size_t, std::size_t room, void* self) {
    auto& t = *static_cast<easy*>(self)->serves;
    return t.unless_it_throws([&] { return t.give(to, room); }, CURL_READFUNC_ABORT);
}

// libcurl wants to send the body from its beginning: on another connection, or with an authorization.
int transfer::on_seek(void* self, curl_off_t to, int whence) {
    auto& t = *static_cast<easy*>(self)->serves;
    if (to != 0 || whence != SEEK_SET || (t.feed && !t.feed->untouched()))
        return CURL_SEEKFUNC_FAIL;
    t.sent_ = 0;
    return CURL_SEEKFUNC_OK;
}

std::size_t transfer::give(char* to, std::size_t room) {
    std::size_t size = 0;
    bool at_end = false;
    if (feed) {
        const auto state = feed->read(to, room, size);
        if (state == body_feed::state::failed) {
            refusal_ = feed->why();
            return CURL_READFUNC_ABORT;
        }
        if (state == body_feed::state::wait) {
            limits.hold(true, now());
            return CURL_READFUNC_PAUSE;
        }
        at_end = state == body_feed::state::end || feed->at_end();
    } else {
        size = std::min(room, body_.bytes().size() - sent_);
        std::memcpy(to, body_.bytes().data() + sent_, size);
        sent_ += size;
        at_end = sent_ == body_.bytes().size();
    }
    if (limits.where() == oneloop::phase::send) {
        limits.progress(now());
        if (at_end)
            enter(oneloop::phase::first_byte);
    }
    return size;
}

std::size_t transfer::header(std::string_view line) {
    const bool fits = answer_.line(line);
    // 100 and the like are not the answer: the request may still be on its way, at its source's own pace
    const bool interim = fits && answer_.status() / 100 == 1;
    if (!interim)
        outcome_ = oneloop::outcome::answered;
    if (!interim && limits.where() != oneloop::phase::receive)
        enter(oneloop::phase::receive);
    else
        limits.progress(now());
    if (feed &&
        feed->waits()) // the answer has begun before its time, and the rest may need what we still owe
        limits.hold(true, now());
    if (!fits) {
        refusal_ = failure(errc::too_large).limit("max_headers " + in_words(defaults_.max_headers_));
        return refused;
    }
    if (const char* fault = answer_.head_ended() ? answer_.fault() : nullptr) {
        refusal_ = failure(errc::protocol_violation).because(fault);
        return refused;
    }
    if (options.digest_ && answer_.head_ended() && answer_.status() == 401)
        asked_who_ = true;
    // libcurl stops sending then, but if the body is late it notices only when it is called
    if (feed && answer_.head_ended() && answer_.status() >= 300)
        feed->wake();
    if (easy_ && easy_->http2 && !easy_->plain_get && answer_.head_ended())
        driver_->answered_early(*easy_);
    if (pipe && answer_.head_ended() && head_may_be_the_last())
        give_head();
    return line.size();
}

// Not if the request will be sent again for what the head says: then the body decides, or the end.
bool transfer::head_may_be_the_last() const {
    const int status = answer_.status();
    return status >= 200 && !is_redirected() && !(options.digest_ && status == 401) &&
           !(policy() && may_pass(status) && may_be_repeated());
}

void transfer::give_head() {
    response head = described(answer_.copy());
    head.edit().redirected_from = redirected_from_;
    pipe->begin(std::move(head));
}

std::uint64_t transfer::most_of_body() const {
    return options.max_body_.value_or(file || pipe ? defaults_.max_file_ : defaults_.max_body_);
}

std::size_t transfer::body(std::string_view piece) {
    limits.progress(now());
    if (easy_ && piece.size() >= worth_a_look &&
        easy_->info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >= curl_off_t{easy::large_body})
        driver_->got_large_piece(*easy_);
    if (is_redirected()) {
        answer_.count(piece.size());
        seen_enough_ = answer_.body_size() > most_of_a_redirect;
        return seen_enough_ ? refused : piece.size();
    }
    if ((file && !look_at_file()) || is_too_much(piece))
        return refused;
    if (!file && !pipe) {
        answer_.keep(piece, easy_ ? easy_->info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) : 0);
        return piece.size();
    }
    const bool taken = pipe ? take_piece(piece) : file->take(piece);
    if (!taken) {
        limits.hold(true, now());
        return CURL_WRITEFUNC_PAUSE;
    }
    answer_.count(piece.size());
    return piece.size();
}

bool transfer::take_piece(std::string_view piece) {
    if (!pipe->write(piece)) {
        give_head(); // there is more of it than can be kept back
        return false;
    }
    if (options.digest_ && answer_.status() == 401)
        give_head(); // libcurl does not show the body of an answer that it goes on from
    return true;
}

// False, and refusal_ says why, if the file is to have none of this body.
bool transfer::look_at_file() {
    const bool decoded = wants_compression() && answer_.headers().contains("Content-Encoding");
    const auto end = tells_where_it_ends() ? body_end::told
                     : is_over_http2()     ? body_end::told_by_http1
                                           : body_end::untold;
    const bool useful = file->look_at(answer_, url, decoded, end);
    refusal_ = file->refusal();
    return useful;
}

bool transfer::is_too_much(std::string_view piece) {
    const std::uint64_t most = most_of_body();
    if (file && answer_.ok() ? file->overruns(piece, most)
                             : piece.size() > most - std::min(most, answer_.body_size())) {
        refusal_ = file ? file->refusal() : failure();
        const bool of_client = (file || pipe) && !options.max_body_;
        if (!refusal_.code())
            refusal_ =
                failure(errc::too_large).limit((of_client ? "max_file " : "max_body ") + in_words(most));
        return true;
    }
    if (!has_expanded_too_far())
        return false;
    refusal_ = failure(errc::too_large).limit("max_expansion " + std::to_string(defaults_.max_expansion_));
    return true;
}

bool transfer::has_expanded_too_far() const {
    if (!easy_ || answer_.body_size() < harmless_expansion || !answer_.headers().contains("Content-Encoding"))
        return false;
    const auto sent = static_cast<std::uint64_t>(easy_->info<curl_off_t>(CURLINFO_SIZE_DOWNLOAD_T));
    return answer_.body_size() / std::max<std::uint64_t>(sent, 1) > defaults_.max_expansion_;
}

} // namespace oneloop::http
