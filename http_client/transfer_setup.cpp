// Before the request: libcurl's handle is told what this request is.

#include "core/host_name.hpp"
#include "http_client/transfer.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace oneloop::http {

// A body up to this is sent along with the head of the request.
constexpr std::size_t most_at_once = std::size_t{64} << 10;

constexpr long packed_at_once = 8L << 10;

void transfer::set_up(easy& e, const client_options& options, const connection_setup& connection) {
    if (connection.proxy) // which is told it, too; otherwise see set_fields()
        e.set(CURLOPT_USERAGENT, options.user_agent_.c_str());
    connection.apply(e);
    e.set(CURLOPT_OPENSOCKETFUNCTION, &transfer::on_open);
    e.set(CURLOPT_HEADERFUNCTION, &transfer::on_header);
    e.set(CURLOPT_WRITEFUNCTION, &transfer::on_body);
    e.set(CURLOPT_PREREQFUNCTION, &transfer::on_request);
    e.set(CURLOPT_READFUNCTION, &transfer::on_read);
    e.set(CURLOPT_SEEKFUNCTION, &transfer::on_seek);
    if (options.trace_) { // a libcurl without OpenSSL does not tell
        curl_easy_setopt(e.handle(), CURLOPT_SSL_CTX_FUNCTION, &transfer::on_handshake);
        curl_easy_setopt(e.handle(), CURLOPT_SSL_CTX_DATA, &e);
    }
    for (const auto data :
         {CURLOPT_PRIVATE, CURLOPT_OPENSOCKETDATA, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PREREQDATA,
          CURLOPT_READDATA, CURLOPT_SEEKDATA})
        e.set(data, &e);
}

// Those that this libcurl can decode, as it would write them.
static const std::string& content_codings() {
    static const std::string all = [] {
        const int features = curl_version_info(CURLVERSION_NOW)->features;
        std::string names = features & CURL_VERSION_LIBZ ? "deflate, gzip" : "identity";
        if (features & CURL_VERSION_BROTLI)
            names += ", br";
        if (features & CURL_VERSION_ZSTD)
            names += ", zstd";
        return names;
    }();
    return all;
}

failure transfer::forbidden(const char* host, const char* which) {
    return failure(errc::forbidden)
        .in(oneloop::phase::connect)
        .because("the address guard forbids it: the " + std::string(which) + " is " + host);
}

std::optional<boost::asio::ip::address> transfer::dialled_literal() const {
    if (!connection_.unix_socket.empty())
        return boost::asio::ip::address(); // one attempt, at an address that nobody looks at
    return is_proxied() ? connection_.proxy.literal() : url.literal();
}

failure transfer::refuse_unseen() const {
    const bool proxied = is_proxied();
    auto address = url.literal();
    if (!address && (proxied || !connection_.unix_socket.empty()))
        if (const char* fault = refuse_host_name(url.host()))
            return failure(errc::invalid_argument).because(fault);
    if (!proxied)
        return {};
    if (!address) {
        // What others than libcurl take for an address or this machine: "127.1.", "a.localhost"
        const std::string name = url.host().substr(0, url.host().find_last_not_of('.') + 1);
        if (in_addr bytes{}; ::inet_aton(name.c_str(), &bytes))
            address = boost::asio::ip::address_v4(ntohl(bytes.s_addr));
        else if (name == "localhost" || name.ends_with(".localhost"))
            address = boost::asio::ip::address_v4::loopback();
    }
    const char* why = address ? defaults_.guard_.refuse(*address) : nullptr;
    return why ? forbidden(why) : failure();
}

failure transfer::keep_allowed_addresses() {
    if (!connection_.unix_socket.empty())
        return {};
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
    return forbidden(why, is_proxied() ? "proxy" : "host");
}

void transfer::prepare(std::unique_ptr<easy> handle, multi& driver, const boost::asio::ip::address& at) {
    easy_ = std::move(handle);
    driver_ = &driver;
    socket_ = CURL_SOCKET_BAD;
    no_socket_ = 0;
    request_begun_ = asked_who_ = false;
    sent_ = 0;
    easy& e = *easy_;
    e.clear_error_text();
    // What libcurl has read it unpacks at once, and keeps what we have no room for: up to a thousand times as
    // much, in one go, and 64 MiB are its end. A small buffer keeps that small, and short.
    if (!file && !pipe)
        e.expect_body(e.last_body);
    else if (wants_compression())
        e.read_at_once(packed_at_once);
    else
        e.expect_body(easy::large_body);

    const bool proxied = is_proxied();
    const bool told_address = e.resolve != nullptr;
    slist resolve;
    if (!dialled_literal()) {
        // The plus sign lets the entry age like any other. Not CONNECT_TO: it sorts connections by address,
        // and a thousand names on one address then cost seven times as much each.
        const std::string address = at.is_v6() ? "[" + at.to_string() + "]" : at.to_string();
        const std::string& port = proxied ? connection_.proxy.port() : url.port();
        append(resolve, "+" + dialled_host() + ":" + port + ":" + address);
    }
    set_method(e);
    set_fields(e);
    if (const bool wanted = wants_compression(); wanted != std::exchange(e.compressed, wanted))
        e.set(CURLOPT_ACCEPT_ENCODING, wanted ? "" : nullptr);

    if (const bool wanted = options.digest_; wanted != std::exchange(e.digest, wanted))
        e.set(CURLOPT_HTTPAUTH, static_cast<long>(wanted ? CURLAUTH_DIGEST : CURLAUTH_BASIC));

    if (std::exchange(e.fresh, false))
        e.set(CURLOPT_FRESH_CONNECT, 0L);
    e.set(CURLOPT_CURLU, url.handle());
    if (told_address || resolve)
        e.set(CURLOPT_RESOLVE, resolve.get());
    e.resolve = std::move(resolve);
    e.forget_addresses_now_and_then();
    const bool verified = !options.accept_any_certificate_ || left_origin_;
    if (verified != std::exchange(e.verified, verified)) {
        e.set(CURLOPT_SSL_VERIFYPEER, verified ? 1L : 0L);
        e.set(CURLOPT_SSL_VERIFYHOST, verified ? 2L : 0L);
    }
    connection_.proxy.choose(e, proxied);
    connection_.tls.show_certificate(e, !left_origin_);
    connection_.tls.pin(e, url.host());
    const bool h2 = connection_.http2 && url.secure() && !(file && file->wants_http1());
    if (h2 != std::exchange(e.http2, h2)) {
        e.set(CURLOPT_HTTP_VERSION, static_cast<long>(h2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
        e.set(CURLOPT_PIPEWAIT, h2 ? 1L : 0L); // rather one more stream than one more connection
    }
    e.serves = this;
}

// A handle has served others: everything is told anew, but for what is a plain GET and was one.
void transfer::set_method(easy& e) const {
    const bool plain_get = method_ == "GET" && !body_;
    if (std::exchange(e.plain_get, plain_get) && plain_get)
        return;
    e.set(CURLOPT_HTTPGET, 1L); // and neither HEAD nor with a body
    const bool with_body = body_ || method_ == "POST" || method_ == "PUT" || method_ == "PATCH";
    if (with_body && sends_in_pieces()) {
        const auto length = feed ? body_.length_ : std::optional<std::uint64_t>(body_.bytes().size());
        e.set(CURLOPT_UPLOAD, 1L);
        e.set(CURLOPT_INFILESIZE_LARGE, length ? static_cast<curl_off_t>(*length) : curl_off_t{-1});
        return e.set(CURLOPT_CUSTOMREQUEST, method_.c_str());
    }
    if (with_body) {
        e.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.bytes().size()));
        e.set(CURLOPT_POSTFIELDS, body_.bytes().empty() ? "" : body_.bytes().data()); // not copied
    } else if (method_ == "HEAD") {
        e.set(CURLOPT_NOBODY, 1L);
    }
    const bool known = plain_get || (method_ == "HEAD" && !with_body) || (method_ == "POST" && with_body);
    e.set(CURLOPT_CUSTOMREQUEST, known ? nullptr : method_.c_str());
}

// What libcurl takes from a buffer it does not tell about; then a long one that moves and one that does not
// would look alike.
bool transfer::sends_in_pieces() const noexcept {
    return (feed && body_.length_ != 0U) || body_.bytes().size() > most_at_once;
}

void transfer::set_fields(easy& e) const {
    set_own_cookies(e);
    const auto usual =
        fields_.size() == 0 && !file && e.plain_get ? std::optional(wants_compression()) : std::nullopt;
    if (usual && e.usual_fields == usual)
        return;
    std::string lines;
    const auto add = [&lines](std::string_view line, std::string_view more = {}) {
        lines.append(line).append(more) += '\n';
    };
    // libcurl prints what it has an option for twice, and a line only once; its printf is slow
    if (!connection_.proxy && !defaults_.user_agent_.empty() && !fields_.contains("User-Agent"))
        add("User-Agent: ", defaults_.user_agent_);
    if (wants_compression())
        add("Accept-Encoding: ", content_codings());
    for (const auto& [name, value] : fields_) {
        if (e.own_cookie && headers::same_name(name, "Cookie"))
            continue;
        lines += name;
        // The semicolon is libcurl's way to say "empty", not "without", as blanks alone would
        const bool blank = value.find_first_not_of(" \t") == value.npos;
        add(blank ? ";" : ": ", blank ? std::string_view() : value);
    }
    if (file)
        for (const auto& [name, value] : file->fields())
            (lines += name) += ": ", add(value);
    if (!e.plain_get) {
        // libcurl would name a type of its own, and wait a second for leave to send more than a mebibyte
        if (!fields_.contains("Content-Type"))
            add("Content-Type:", body_.type().empty() ? "" : " " + body_.type());
        if (!fields_.contains("Expect"))
            add("Expect:");
    }
    e.set_fields(std::move(lines));
    e.usual_fields = usual;
}

// One Cookie field is all there may be (RFC 6265, 5.4), so what the jar has is put into that of the request.
void transfer::set_own_cookies(easy& e) const {
    std::string all;
    if (connection_.cookies)
        for (const auto& [name, value] : fields_)
            if (headers::same_name(name, "Cookie"))
                (all += all.empty() ? "" : "; ") += value;
    if (const bool own = !all.empty(); std::exchange(e.own_cookie, own) || own)
        e.set(CURLOPT_COOKIE, own ? all.c_str() : nullptr);
}

// A file is stored as the server has it, and a part of a compressed body is of no use.
bool transfer::wants_compression() const {
    return options.compressed_.value_or(defaults_.compressed_ && !file) && !fields_.contains("Range") &&
           !fields_.contains("Accept-Encoding");
}

} // namespace oneloop::http
