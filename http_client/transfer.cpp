// What a request is, and what follows from how an attempt at it has ended.

#include "http_client/transfer.hpp"

#include "core/chance.hpp"
#include "core/words.hpp"
#include "http_client/redirects.hpp"
#include "http_client/request_check.hpp"
#include <oneloop/http/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>

namespace oneloop::http {

transfer::transfer(
    const executor& loop, std::shared_ptr<oneloop::detail::pending_registry> registry, target where,
    request&& what, const client_options& defaults, const connection_setup& connection, response_handler h
)
    : pending(std::move(registry)),
      url(std::move(where)),
      options(std::move(what.options_)),
      handler(std::move(h)),
      limits(limits_of(defaults), clock::now()),
      defaults_(defaults),
      connection_(connection),
      method_(std::move(what.method_)),
      body_(std::move(what.body_)),
      answer_(defaults.max_headers_) {
    collect_fields();
    if (body_.source_)
        feed = std::make_shared<body_feed>(loop, body_.source_, body_.length_);
}

void transfer::collect_fields() {
    fields_ = options.headers_;
    for (const auto& [name, value] : defaults_.headers_)
        if (!options.headers_.contains(name)) // of two that all requests have both are sent
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

oneloop::phase transfer::where() const {
    const oneloop::phase p = limits.where();
    if (p != oneloop::phase::connect || !easy_ || !url.secure())
        return p;
    // libcurl has no callback between the two, but a socket that is connected has a peer
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const bool connected = ::getpeername(socket_, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
    // To a proxy that is half the way
    const bool through = !is_proxied() || easy_->info<long>(CURLINFO_HTTP_CONNECTCODE) / 100 == 2;
    return connected && through ? oneloop::phase::tls : p;
}

failure transfer::tell(failure why) const {
    if (why.phase() == oneloop::phase::none)
        why.in(where());
    const bool on_the_way = why.phase() == oneloop::phase::resolve || why.phase() == oneloop::phase::connect;
    const bool of_the_way =
        !(why == condition::forbidden || why == condition::cancelled || why == condition::closed ||
          why == condition::argument);
    if (on_the_way && of_the_way && is_proxied())
        why.because("the proxy " + connection_.proxy.shown() + ": " + why.reason());
    return why.ended(outcome_).doing(method_ + " " + url.shown());
}

failure transfer::verdict(CURLcode code) const {
    if (refusal_.code())
        return refusal_;
    if (code == CURLE_OK || seen_enough_ || (file && file->begins_anew()))
        return {};
    if (const long status = is_proxied() ? easy_->info<long>(CURLINFO_HTTP_CONNECTCODE) : 0;
        !request_begun_ && status >= 300)
        return refused_by_proxy(status);
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
    else if (const std::string more = connection_.tls.explain(code); !more.empty())
        why.because(more);
    else if (!text.empty())
        why.because(text);
    // libcurl has no code of its own for it: "… in chunked-encoding", and later "chunk hex-length …"
    if (code == CURLE_RECV_ERROR && text.find("chunk") != std::string::npos)
        why = failure(errc::protocol_violation).because(text);
    if (why == condition::tls)
        why.in(oneloop::phase::tls);
    return why;
}

failure transfer::refused_by_proxy(long status) const {
    std::string why = "it refused the tunnel with the status " + std::to_string(status);
    if (status == 407)
        why += ": it wants another user name and password";
    return failure(error_code(static_cast<int>(status), status_category()))
        .in(oneloop::phase::connect)
        .because(std::move(why));
}

bool transfer::has_no_body() const {
    return method_ == "HEAD" || answer_.status() == 204 || answer_.status() == 304;
}

bool transfer::may_try_next_address(CURLcode code) const noexcept {
    // libcurl after 8.14 says of a proxy that refuses what it says of one that cannot be reached
    return !request_begun_ && next_address < addresses.size() &&
           (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) &&
           easy_->info<long>(CURLINFO_HTTP_CONNECTCODE) == 0;
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
    if (step.keeps_body() && feed && !feed->untouched())
        return failure(errc::invalid_argument)
            .because("the redirect asks for the body again, and its source can be read once");
    if (!step.keeps_body()) {
        body_ = {};
        if (feed)
            feed->stop();
        feed.reset();
        fields_ = without_body_fields(fields_);
    }
    if (!same_origin(url, *next)) {
        fields_ = for_another_origin(fields_);
        left_origin_ = true;
    }
    redirected_from_.push_back(url.shown());
    url = std::move(*next);
    begin_again();
    return {};
}

void transfer::begin_again() {
    ++attempts;
    addresses.clear();
    next_address = 0;
    answer_.begin_anew(defaults_.max_headers_);
    refusal_ = {};
    // Whoever has seen it may have acted on it, whatever becomes of what is sent next
    acted_on_ = std::max(acted_on_, std::min(outcome_, oneloop::outcome::in_doubt));
    outcome_ = oneloop::outcome::not_sent;
    seen_enough_ = false;
    if (pipe)
        pipe->clear();
    if (file)
        file->begin_attempt();
}

failure transfer::file_verdict() {
    look_at_file();
    return file->complete();
}

bool transfer::may_be_repeated() const {
    return is_idempotent(method_) || (policy() && (policy()->is_idempotent() || policy()->has_rule()));
}

const std::optional<retry_policy>& transfer::policy() const {
    return options.retry_ ? options.retry_ : defaults_.retry_;
}

std::optional<failure> transfer::bad_status() const {
    if (!may_pass(answer_.status()))
        return {};
    return tell(failure(error_code(answer_.status(), status_category())));
}

// The policy's rule is the program's own: what it throws is no reason to try again.
std::optional<duration> transfer::pause_after(const failure& why) noexcept {
    try {
        return pause_by_policy(why);
    } catch (...) {
        return {};
    }
}

std::optional<duration> transfer::pause_by_policy(const failure& why) {
    if (!policy() || why.phase() == oneloop::phase::queue || (file && !file->may_try_again()) ||
        (pipe && pipe->begun()) || (feed && !feed->untouched()))
        return {};
    const auto now = clock::now();
    if (!course_)
        course_.emplace(with_rules_of_http(*policy(), may_be_repeated()), limits.begun());
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
    why.ended(std::max(why.outcome(), acted_on_));
    return course_ ? course_->last(std::move(why), clock::now()) : why;
}

response transfer::take_answer() {
    response r = described(answer_.take());
    r.edit().redirected_from = std::move(redirected_from_);
    return r;
}

response transfer::described(response r) const {
    auto& about = r.edit();
    about.url = url.shown();
    about.method = method_;
    about.file = stored_at_;
    about.resumed_from = file && !stored_at_.empty() ? file->resumed_from() : 0;
    about.times = times();
    about.version = "HTTP/1.1";
    about.certainly_complete = true;
    if (!easy_)
        return r;
    const long version = easy_->info<long>(CURLINFO_HTTP_VERSION);
    about.certainly_complete = tells_where_it_ends();
    about.reused_connection = reused_connection();
    if (version == CURL_HTTP_VERSION_1_0)
        about.version = "HTTP/1.0";
    else if (version >= CURL_HTTP_VERSION_2_0)
        about.version = version == CURL_HTTP_VERSION_3 ? "HTTP/3" : "HTTP/2";
    about.peer_address = peer_address();
    return r;
}

bool transfer::is_over_http2() const {
    return easy_ && easy_->info<long>(CURLINFO_HTTP_VERSION) >= CURL_HTTP_VERSION_2_0;
}

// Over HTTP/2 libcurl, 8.14 too, takes a stream that was reset without an error for a whole body, unless a
// length was announced.
bool transfer::tells_where_it_ends() const {
    if (!easy_ || has_no_body())
        return true;
    return is_over_http2() ? easy_->info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >= 0
                           : answer_.tells_its_end();
}

bool transfer::reused_connection() const {
    return easy_ && easy_->info<long>(CURLINFO_NUM_CONNECTS) == 0;
}

std::string transfer::peer_address() const {
    const char* peer = easy_ ? easy_->info<const char*>(CURLINFO_PRIMARY_IP) : nullptr;
    return peer ? peer : "";
}

// libcurl counts each from the beginning of the attempt.
response::timing transfer::times() const {
    response::timing t;
    t.queue = limits.spent(oneloop::phase::queue);
    t.resolve = limits.spent(oneloop::phase::resolve);
    t.total = limits.since_accepted(clock::now());
    if (!easy_)
        return t;
    const auto at = [this](CURLINFO which) {
        return std::chrono::microseconds(easy_->info<curl_off_t>(which));
    };
    constexpr std::chrono::microseconds none(0);
    const auto connected = at(CURLINFO_CONNECT_TIME_T), secured = at(CURLINFO_APPCONNECT_TIME_T);
    const auto began = at(CURLINFO_PRETRANSFER_TIME_T), answered = at(CURLINFO_STARTTRANSFER_TIME_T);
    t.connect = connected;
    t.tls = std::max(secured - connected, none);
    t.first_byte = std::max(answered - began, none);
    t.receive = answered > none ? std::max(at(CURLINFO_TOTAL_TIME_T) - answered, none) : none;
    return t;
}

} // namespace oneloop::http
