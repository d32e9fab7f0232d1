#include "http_client/transfer.hpp"

#include "core/chance.hpp"
#include "core/words.hpp"
#include "http_client/redirects.hpp"
#include "http_client/request_check.hpp"
#include "http_client/trust.hpp"
#include <oneloop/http/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

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

transfer::transfer(
    std::shared_ptr<oneloop::detail::pending_registry> registry, target where, request what,
    const client_options& defaults, response_handler h
)
    : pending(std::move(registry)),
      url(std::move(where)),
      options(std::move(what.options_)),
      handler(std::move(h)),
      limits(limits_of(defaults), clock::now()),
      defaults_(defaults),
      method_(std::move(what.method_)),
      body_(std::move(what.body_)),
      answer_(defaults.max_headers_) {
    collect_fields();
}

void transfer::collect_fields() {
    fields_ = options.headers_;
    for (const auto& [name, value] : defaults_.headers_)
        if (!fields_.contains(name))
            fields_.add(name, value);
}

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

failure transfer::keep_allowed_addresses() {
    const char* why = nullptr;
    const auto at = addresses.begin() + static_cast<std::ptrdiff_t>(next_address);
    addresses.erase(
        std::remove_if(
            at, addresses.end(),
            [&](const auto& address) {
                const char* refused_for = defaults_.guard_.refuse(address);
                why = refused_for ? refused_for : why;
                return refused_for != nullptr;
            }
        ),
        addresses.end()
    );
    if (next_address < addresses.size())
        return {};
    if (!why)
        return failure(errc::invalid_argument).because("the name has no address");
    return failure(errc::forbidden)
        .in(oneloop::phase::connect)
        .because("the address guard forbids it: the host is " + std::string(why));
}

void transfer::prepare(std::unique_ptr<easy> handle, multi& driver, const boost::asio::ip::address& at) {
    easy_ = std::move(handle);
    driver_ = &driver;
    socket_ = CURL_SOCKET_BAD;
    no_socket_ = 0;
    request_begun_ = false;
    easy& e = *easy_;
    e.clear_error_text();

    e.resolve.reset();
    if (!url.literal()) {
        // The plus sign lets the entry age like any other. Not CONNECT_TO: it sorts connections by address,
        // and a thousand names on one address then cost seven times as much each.
        const std::string address = at.is_v6() ? "[" + at.to_string() + "]" : at.to_string();
        append(e.resolve, "+" + url.host() + ":" + url.port() + ":" + address);
    }
    set_method(e);
    set_fields(e);
    if (const bool wanted = wants_compression(); wanted != std::exchange(e.compressed, wanted))
        e.set(CURLOPT_ACCEPT_ENCODING, wanted ? "" : nullptr);

    if (const bool wanted = options.digest_; wanted != std::exchange(e.digest, wanted))
        e.set(CURLOPT_HTTPAUTH, static_cast<long>(wanted ? CURLAUTH_DIGEST : CURLAUTH_BASIC));

    e.set(CURLOPT_CURLU, url.handle());
    e.set(CURLOPT_RESOLVE, e.resolve.get());
    e.set(CURLOPT_SSL_VERIFYPEER, options.accept_any_certificate_ ? 0L : 1L);
    e.set(CURLOPT_SSL_VERIFYHOST, options.accept_any_certificate_ ? 0L : 2L);
    e.set(CURLOPT_PRIVATE, this);
    e.set(CURLOPT_OPENSOCKETDATA, this);
    e.set(CURLOPT_HEADERDATA, this);
    e.set(CURLOPT_WRITEDATA, this);
    e.set(CURLOPT_PREREQDATA, this);
}

// A handle has served others: everything is told anew, but for what is a plain GET and was one.
void transfer::set_method(easy& e) const {
    const bool plain_get = method_ == "GET" && !body_;
    if (std::exchange(e.plain_get, plain_get) && plain_get)
        return;
    e.set(CURLOPT_HTTPGET, 1L); // and neither HEAD nor with a body
    const bool with_body = body_ || method_ == "POST" || method_ == "PUT" || method_ == "PATCH";
    if (with_body) {
        e.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.bytes().size()));
        e.set(CURLOPT_POSTFIELDS, body_ ? body_.bytes().data() : ""); // not copied
    } else if (method_ == "HEAD") {
        e.set(CURLOPT_NOBODY, 1L);
    }
    const bool known = plain_get || (method_ == "HEAD" && !with_body) || (method_ == "POST" && with_body);
    e.set(CURLOPT_CUSTOMREQUEST, known ? nullptr : method_.c_str());
}

void transfer::set_fields(easy& e) const {
    e.headers.reset();
    for (const auto& [name, value] : fields_) {
        std::string line = name;
        line += value.empty() ? ";" : ": "; // the semicolon is libcurl's way to say "empty", not "without"
        append(e.headers, line += value);
    }
    if (!e.plain_get) {
        // libcurl would name a type of its own, and wait a second for leave to send more than a mebibyte
        if (!fields_.contains("Content-Type"))
            append(e.headers, body_.type().empty() ? "Content-Type:" : "Content-Type: " + body_.type());
        if (!fields_.contains("Expect"))
            append(e.headers, "Expect:");
    }
    e.set(CURLOPT_HTTPHEADER, e.headers.get());
}

// A file is stored as the server has it, and a part of a compressed body is of no use.
bool transfer::wants_compression() const {
    return options.compressed_.value_or(defaults_.compressed_ && !file) && !fields_.contains("Range") &&
           !fields_.contains("Accept-Encoding");
}

// --- while libcurl works: its callbacks only take note

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
    boost::asio::ip::tcp::endpoint to;
    if (address.addrlen > to.capacity())
        return true;
    std::memcpy(to.data(), &address.addr, address.addrlen);
    to.resize(address.addrlen);
    const char* why = defaults_.guard_.refuse(to.address());
    if (why)
        refusal_ =
            failure(errc::forbidden).because("the address guard forbids it: the host is " + std::string(why));
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
    return why.ended(outcome_).doing(method_ + " " + url.shown());
}

failure transfer::verdict(CURLcode code) const {
    if (refusal_.code())
        return refusal_;
    if (code == CURLE_OK || seen_enough_)
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

bool transfer::is_redirected() const noexcept {
    return redirect::is_one(answer_.status()) && most_redirects() > 0 &&
           answer_.headers().contains("Location");
}

std::size_t transfer::most_redirects() const noexcept {
    return options.max_redirects_.value_or(defaults_.max_redirects_);
}

failure transfer::go_on() {
    if (redirected_from_.size() >= most_redirects())
        return failure(errc::too_many).limit("max_redirects " + std::to_string(most_redirects()));
    auto next = url.follow(*answer_.headers().get("Location"), method_ + " " + url.shown() + " ->");
    if (next.has_error())
        return failure(errc::protocol_violation).because(next.error().reason());
    if (url.secure() && !next->secure() && !defaults_.allow_downgrade_)
        return failure(errc::forbidden).because("the redirect leads from https to http; see allow_downgrade");

    const redirect step(answer_.status(), method_);
    method_ = step.method();
    if (!step.keeps_body()) {
        body_ = {};
        fields_ = without_body_fields(fields_);
    }
    if (!same_origin(url, *next))
        fields_ = for_another_origin(fields_);
    redirected_from_.push_back(url.shown());
    url = std::move(*next);
    begin_again();
    return {};
}

void transfer::begin_again() {
    ++attempts;
    addresses.clear();
    next_address = 0;
    answer_ = answer(defaults_.max_headers_);
    refusal_ = {};
    outcome_ = oneloop::outcome::not_sent; // of what is sent next
    seen_enough_ = false;
}

std::optional<failure> transfer::bad_status() const {
    if (!may_pass(answer_.status()))
        return {};
    return tell(failure(error_code(answer_.status(), status_category())));
}

std::optional<duration> transfer::pause_after(const failure& why) {
    const auto& policy = options.retry_ ? options.retry_ : defaults_.retry_;
    if (!policy || why.phase() == oneloop::phase::queue || (file && answer_.body_size() > 0 && answer_.ok()))
        return {};
    const auto now = clock::now();
    if (!course_)
        course_.emplace(
            with_rules_of_http(*policy, is_idempotent(method_) || policy->is_idempotent()),
            now - limits.since_accepted(now)
        );
    auto pause = course_->again(why, now, chance());
    if (!pause)
        return {};
    if (const auto asked =
            why.code().category() == status_category() ? answer_.headers().get("Retry-After") : std::nullopt)
        if (const auto wish = retry_after(*asked, std::chrono::system_clock::now()))
            pause = std::max<duration>(*pause, *wish);
    if (*pause >= std::min(limits.total_left(now), course_->until().remaining(now)))
        return {};
    return pause;
}

failure transfer::last_word(failure why) const {
    return course_ ? course_->last(std::move(why), clock::now()) : why;
}

response transfer::take_answer() {
    const easy& e = *easy_;
    const long version = e.info<long>(CURLINFO_HTTP_VERSION);
    const bool no_body = method_ == "HEAD" || answer_.status() == 204 || answer_.status() == 304;
    const bool has_length = no_body || version >= CURL_HTTP_VERSION_2_0 || answer_.has_length();
    response r = answer_.take();
    r.url_ = url.shown();
    r.method_ = method_;
    r.redirected_from_ = std::move(redirected_from_);
    r.certainly_complete_ = has_length;
    r.reused_connection_ = e.info<long>(CURLINFO_NUM_CONNECTS) == 0;
    r.version_ = version == CURL_HTTP_VERSION_1_0   ? "HTTP/1.0"
                 : version == CURL_HTTP_VERSION_2_0 ? "HTTP/2"
                 : version == CURL_HTTP_VERSION_3   ? "HTTP/3"
                                                    : "HTTP/1.1";
    if (const char* peer = e.info<const char*>(CURLINFO_PRIMARY_IP))
        r.peer_address_ = peer;
    note_times(r.times_);
    return r;
}

// libcurl counts each from the beginning of the attempt.
void transfer::note_times(response::timing& t) const {
    const auto at = [this](CURLINFO which) {
        return std::chrono::microseconds(easy_->info<curl_off_t>(which));
    };
    const auto connected = at(CURLINFO_CONNECT_TIME_T), secured = at(CURLINFO_APPCONNECT_TIME_T);
    const auto began = at(CURLINFO_PRETRANSFER_TIME_T), answered = at(CURLINFO_STARTTRANSFER_TIME_T);
    t.queue = limits.spent(oneloop::phase::queue);
    t.resolve = limits.spent(oneloop::phase::resolve);
    t.connect = connected;
    t.tls = std::max(secured - connected, std::chrono::microseconds(0));
    t.first_byte = std::max(answered - began, std::chrono::microseconds(0));
    t.receive = std::max(at(CURLINFO_TOTAL_TIME_T) - answered, std::chrono::microseconds(0));
    t.total = limits.since_accepted(clock::now());
}

} // namespace oneloop::http
