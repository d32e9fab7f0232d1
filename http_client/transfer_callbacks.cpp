// While libcurl works: its callbacks take note, and refuse what must not be.

#include "core/words.hpp"
#include "http_client/request_check.hpp"
#include "http_client/transfer.hpp"
#include <oneloop/http/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

// What is read of the body of a redirect, so that its connection can be used again.
constexpr std::uint64_t most_of_a_redirect = std::uint64_t{64} << 10;

// Compression that pays: below this size any ratio is harmless.
constexpr std::uint64_t harmless_expansion = std::uint64_t{1} << 20;

} // namespace

int transfer::on_request(void* self, char*, char*, int, int) {
    auto& t = *static_cast<transfer*>(self);
    // From here on bytes may be on the wire. libcurl comes here again when a kept connection turns out to be
    // dead and it repeats the request by itself: right for what may be repeated, and for nothing else.
    const auto begin = [&t]() -> std::size_t {
        const bool asked_who = t.options.digest_ && t.answer_.status() == 401;
        if (std::exchange(t.request_begun_, true) && !is_idempotent(t.method_) && !asked_who) {
            t.refusal_ = failure(error_code(CURLE_GOT_NOTHING, curl_category()))
                             .because("the server closed the connection on which the request was sent");
            return CURL_PREREQFUNC_ABORT;
        }
        t.outcome_ = std::max(t.outcome_, oneloop::outcome::in_doubt);
        t.enter(oneloop::phase::first_byte);
        return CURL_PREREQFUNC_OK;
    };
    return static_cast<int>(t.unless_it_throws(begin, CURL_PREREQFUNC_ABORT));
}

curl_socket_t transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& t = *static_cast<transfer*>(self);
    if (t.guards_against(*address))
        return CURL_SOCKET_BAD;
    t.socket_ = t.driver_->open_socket(*address);
    if (t.socket_ < 0)
        t.no_socket_ = errno;
    return t.socket_;
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

void transfer::enter(oneloop::phase p) {
    limits.enter(p, clock::now());
    if (phase_begun)
        phase_begun();
}

std::size_t transfer::on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& t = *static_cast<transfer*>(self);
    return t.unless_it_throws([&] { return t.header(std::string_view(data, size)); }, refused);
}

std::size_t transfer::on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& t = *static_cast<transfer*>(self);
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

std::size_t transfer::header(std::string_view line) {
    outcome_ = oneloop::outcome::answered;
    if (limits.where() != oneloop::phase::receive)
        enter(oneloop::phase::receive);
    else
        limits.progress(clock::now());
    if (!answer_.line(line)) {
        refusal_ = failure(errc::too_large).limit("max_headers " + in_words(defaults_.max_headers_));
        return refused;
    }
    if (const char* fault = answer_.head_ended() ? answer_.fault() : nullptr) {
        refusal_ = failure(errc::protocol_violation).because(fault);
        return refused;
    }
    return line.size();
}

std::size_t transfer::body(std::string_view piece) {
    limits.progress(clock::now());
    if (is_redirected()) {
        answer_.count(piece.size());
        seen_enough_ = answer_.body_size() > most_of_a_redirect;
        return seen_enough_ ? refused : piece.size();
    }
    const std::uint64_t most = options.max_body_.value_or(file ? defaults_.max_file_ : defaults_.max_body_);
    if (piece.size() > most - std::min(most, answer_.body_size())) {
        refusal_ = failure(errc::too_large).limit((file ? "max_file " : "max_body ") + in_words(most));
        return refused;
    }
    if (has_expanded_too_far()) {
        refusal_ =
            failure(errc::too_large).limit("max_expansion " + std::to_string(defaults_.max_expansion_));
        return refused;
    }
    if (!file) {
        answer_.keep(piece, easy_->info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T));
        return piece.size();
    }
    if (answer_.ok() && !file->write(piece)) {
        limits.hold(true, clock::now());
        return CURL_WRITEFUNC_PAUSE;
    }
    answer_.count(piece.size());
    return piece.size();
}

bool transfer::has_expanded_too_far() const {
    if (answer_.body_size() < harmless_expansion || !answer_.headers().contains("Content-Encoding"))
        return false;
    const auto sent = static_cast<std::uint64_t>(easy_->info<curl_off_t>(CURLINFO_SIZE_DOWNLOAD_T));
    return answer_.body_size() / std::max<std::uint64_t>(sent, 1) > defaults_.max_expansion_;
}

} // namespace oneloop::http
