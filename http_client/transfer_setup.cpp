// Before the request: libcurl's handle is told what this request is.

#include "http_client/transfer.hpp"
#include "http_client/trust.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace oneloop::http {

// What is worth a file is taken for as large as this.
constexpr std::uint64_t large_body = std::uint64_t{1} << 20;

void transfer::set_up(easy& e, const client_options& options) {
    e.set(CURLOPT_USERAGENT, options.user_agent_.c_str());
    trust(e, options.trust_file_);
    e.set(CURLOPT_OPENSOCKETFUNCTION, &transfer::on_open);
    e.set(CURLOPT_HEADERFUNCTION, &transfer::on_header);
    e.set(CURLOPT_WRITEFUNCTION, &transfer::on_body);
    e.set(CURLOPT_PREREQFUNCTION, &transfer::on_request);
}

failure transfer::forbidden(const char* host) {
    return failure(errc::forbidden)
        .in(oneloop::phase::connect)
        .because("the address guard forbids it: the host is " + std::string(host));
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
    return forbidden(why);
}

void transfer::prepare(std::unique_ptr<easy> handle, multi& driver, const boost::asio::ip::address& at) {
    easy_ = std::move(handle);
    driver_ = &driver;
    socket_ = CURL_SOCKET_BAD;
    no_socket_ = 0;
    request_begun_ = false;
    easy& e = *easy_;
    e.clear_error_text();
    e.expect_body(file ? large_body : e.last_body);

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
    e.forget_addresses_now_and_then();
    const bool verified = !options.accept_any_certificate_ || left_origin_;
    e.set(CURLOPT_SSL_VERIFYPEER, verified ? 1L : 0L);
    e.set(CURLOPT_SSL_VERIFYHOST, verified ? 2L : 0L);
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
    std::string lines;
    const auto add = [&lines](std::string_view line, std::string_view more = {}) {
        lines.append(line).append(more) += '\n';
    };
    for (const auto& [name, value] : fields_) {
        lines += name;
        add(value.empty() ? ";" : ": ",
            value); // the semicolon is libcurl's way to say "empty", not "without"
    }
    if (!e.plain_get) {
        // libcurl would name a type of its own, and wait a second for leave to send more than a mebibyte
        if (!fields_.contains("Content-Type"))
            add("Content-Type:", body_.type().empty() ? "" : " " + body_.type());
        if (!fields_.contains("Expect"))
            add("Expect:");
    }
    e.set_fields(std::move(lines));
}

// A file is stored as the server has it, and a part of a compressed body is of no use.
bool transfer::wants_compression() const {
    return options.compressed_.value_or(defaults_.compressed_ && !file) && !fields_.contains("Range") &&
           !fields_.contains("Accept-Encoding");
}

} // namespace oneloop::http
