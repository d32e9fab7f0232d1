#include "http_client/transfer.hpp"

#include "core/words.hpp"
#include "http_client/trust.hpp"
#include <oneloop/http/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace oneloop::http {

transfer::transfer(
    std::shared_ptr<oneloop::detail::pending_registry> registry, target where, request_options o,
    const client_options& defaults, response_handler h
)
    : pending(std::move(registry)),
      url(std::move(where)),
      options(std::move(o)),
      handler(std::move(h)),
      limits(limits_of(defaults), clock::now()),
      defaults_(defaults),
      answer_(defaults.max_headers_) {}

timeouts transfer::limits_of(const client_options& defaults) const {
    timeouts t = defaults.times_;
    const auto& own = options.times_;
    t.queue = own.queue.value_or(t.queue);
    t.connect = own.connect.value_or(t.connect);
    t.first_byte = own.first_byte.value_or(t.first_byte);
    t.stall = own.stall.value_or(t.stall);
    t.total = own.total.value_or(t.total);
    return t;
}

// --- before the request: libcurl's handle is told what this request is

void transfer::set_up(easy& e, const client_options& options) {
    e.set(CURLOPT_USERAGENT, options.user_agent_.c_str());
    trust(e, options.trust_file_);
    e.set(CURLOPT_OPENSOCKETFUNCTION, &transfer::on_open);
    e.set(CURLOPT_HEADERFUNCTION, &transfer::on_header);
    e.set(CURLOPT_WRITEFUNCTION, &transfer::on_body);
    e.set(CURLOPT_PREREQFUNCTION, &transfer::on_request);
}

void transfer::prepare(std::unique_ptr<easy> handle, multi& driver, const boost::asio::ip::address& at) {
    easy_ = std::move(handle);
    driver_ = &driver;
    socket_ = CURL_SOCKET_BAD;
    no_socket_ = 0;
    easy& e = *easy_;
    e.clear_error_text();

    e.resolve.reset();
    if (!url.literal()) {
        // The plus sign lets the entry age like any other. Not CONNECT_TO: it sorts connections by address,
        // and a thousand names on one address then cost seven times as much each.
        const std::string address = at.is_v6() ? "[" + at.to_string() + "]" : at.to_string();
        append(e.resolve, "+" + url.host() + ":" + url.port() + ":" + address);
    }
    e.headers.reset();
    for (const auto& [name, value] : options.headers_) {
        std::string line = name;
        line += value.empty() ? ";" : ": "; // the semicolon is libcurl's way to say "empty", not "without"
        append(e.headers, line += value);
    }

    e.set(CURLOPT_CURLU, url.handle());
    e.set(CURLOPT_RESOLVE, e.resolve.get());
    e.set(CURLOPT_HTTPHEADER, e.headers.get());
    e.set(CURLOPT_SSL_VERIFYPEER, options.accept_any_certificate_ ? 0L : 1L);
    e.set(CURLOPT_SSL_VERIFYHOST, options.accept_any_certificate_ ? 0L : 2L);
    e.set(CURLOPT_PRIVATE, this);
    e.set(CURLOPT_OPENSOCKETDATA, this);
    e.set(CURLOPT_HEADERDATA, this);
    e.set(CURLOPT_WRITEDATA, this);
    e.set(CURLOPT_PREREQDATA, this);
}

// --- while libcurl works: its callbacks only take note

int transfer::on_request(void* self, char*, char*, int, int) {
    auto& t = *static_cast<transfer*>(self);
    // From here on bytes may be on the wire. libcurl comes here again when a kept connection turns out to be
    // dead and it repeats the request by itself: right for GET, which may be repeated.
    const auto begin = [&t]() -> std::size_t {
        t.request_begun_ = true;
        t.outcome_ = std::max(t.outcome_, oneloop::outcome::in_doubt);
        t.enter(oneloop::phase::first_byte);
        return CURL_PREREQFUNC_OK;
    };
    return static_cast<int>(t.unless_it_throws(begin, CURL_PREREQFUNC_ABORT));
}

curl_socket_t transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& t = *static_cast<transfer*>(self);
    t.socket_ = t.driver_->open_socket(*address);
    if (t.socket_ < 0)
        t.no_socket_ = errno;
    return t.socket_;
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
    if (answer_.line(line))
        return line.size();
    refusal_ = failure(errc::too_large).limit("max_headers " + in_words(defaults_.max_headers_));
    return refused;
}

std::size_t transfer::body(std::string_view piece) {
    limits.progress(clock::now());
    const std::uint64_t most = options.max_body_.value_or(file ? defaults_.max_file_ : defaults_.max_body_);
    if (piece.size() > most - std::min(most, answer_.body_size())) {
        refusal_ = failure(errc::too_large).limit((file ? "max_file " : "max_body ") + in_words(most));
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

// --- when it has ended

oneloop::phase transfer::where() const {
    const oneloop::phase p = limits.where();
    if (p != oneloop::phase::connect || !easy_ || !url.secure())
        return p;
    // libcurl has no callback between the two, but a socket that is connected has a peer
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const bool connected = ::getpeername(socket_, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
    return connected ? oneloop::phase::tls : p;
}

failure transfer::tell(failure why) const {
    if (why.phase() == oneloop::phase::none)
        why.in(where());
    return why.ended(outcome_).doing("GET " + url.shown());
}

failure transfer::verdict(CURLcode code) const {
    if (refusal_.code())
        return refusal_;
    if (code == CURLE_OK)
        return {};
    failure why(error_code(code, curl_category()));
    const std::string text = easy_->error_text();
    // A handle keeps the errno of its last request, so it counts only if this one had a socket
    const int number = no_socket_     ? no_socket_
                       : socket_ >= 0 ? static_cast<int>(easy_->info<long>(CURLINFO_OS_ERRNO))
                                      : 0;
    if (code == CURLE_COULDNT_CONNECT && number != 0)
        why.because(
            std::string(no_socket_ ? "no socket to be had: " : "could not connect: ") +
            error_code(number, boost::system::system_category()).message()
        );
    else if (!text.empty())
        why.because(text);
    if (why == condition::tls)
        why.in(oneloop::phase::tls);
    return why;
}

bool transfer::may_try_next_address(CURLcode code) const noexcept {
    return !request_begun_ && next_address < addresses.size() &&
           (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT);
}

response transfer::take_answer() {
    return answer_.take(url.shown(), easy_->info<const char*>(CURLINFO_PRIMARY_IP));
}

} // namespace oneloop::http
