#include "http_client/target.hpp"

#include "http_client/curl_include.hpp"
#include "http_client/encoding.hpp"

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK)
        return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

// What stands before the host may hold a password, so a URL that cannot be parsed is shown without it.
std::string without_userinfo(const std::string& url) {
    const auto at = url.rfind('@');
    if (at == std::string::npos)
        return url;
    const auto scheme = url.find("://");
    return (scheme == std::string::npos ? "" : url.substr(0, scheme + 3)) + "…@" + url.substr(at + 1);
}

bool is_visible(char c) {
    return c > ' ' && c < 0x7f;
}

// For people and terminals: what is no visible ASCII stands there percent-encoded.
std::string visible(const std::string& url) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : url) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_visible(c))
            text += c;
        else
            text.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return text;
}

failure refused(std::string_view doing, const std::string& url, std::string why) {
    return failure(errc::invalid_argument)
        .doing(std::string(doing) + " " + visible(without_userinfo(url)))
        .because("invalid URL: " + std::move(why));
}

// libcurl spells IPv4 addresses with dots and digits, and nothing else ends in a digit that is one.
bool may_be_address(const std::string& host) {
    return !host.empty() &&
           ((host.back() >= '0' && host.back() <= '9') || host.find(':') != std::string::npos);
}

bool is_suspicious(char c) {
    return c == '\\' || static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
}

} // namespace

void url_closer::operator()(Curl_URL* url) const noexcept {
    curl_url_cleanup(url);
}

result<target> target::parse(const std::string& url, std::string_view doing, const target* base) {
    if (std::ranges::any_of(url, is_suspicious))
        return refused(
            doing, url, "it contains a space, a backslash or a control character; percent-encode it"
        );
    std::unique_ptr<CURLU, url_closer> parsed;
    if (url.find("://") != std::string::npos)
        parsed.reset(curl_url());
    else if (base)
        parsed.reset(curl_url_dup(base->handle()));
    else
        return refused(doing, url, "it does not begin with http:// or https://");
    if (!parsed)
        throw std::bad_alloc();
    if (const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0);
        code == CURLUE_UNSUPPORTED_SCHEME)
        return refused(doing, url, "only http and https are spoken here");
    else if (code != CURLUE_OK)
        return refused(doing, url, curl_url_strerror(code));
    return take(std::move(parsed), url, doing);
}

result<target> target::follow(std::string_view location, std::string_view doing) const {
    std::string url;
    for (const char c : location)
        if (c == '\\') // which browsers take for a slash, and libcurl does not: so that there is one reading
            return refused(doing, std::string(location), "the redirect leads to a URL with a backslash");
        else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            return refused(doing, std::string(location), "the redirect leads to a control character");
        else if (c == ' ' || static_cast<unsigned char>(c) >= 0x80)
            url += visible(std::string(1, c));
        else
            url += c;
    std::unique_ptr<CURLU, url_closer> next(curl_url_dup(handle()));
    if (!next)
        throw std::bad_alloc();
    // What belonged to this origin is not the next one's
    curl_url_set(next.get(), CURLUPART_USER, nullptr, 0);
    curl_url_set(next.get(), CURLUPART_PASSWORD, nullptr, 0);
    if (const CURLUcode code = curl_url_set(next.get(), CURLUPART_URL, url.c_str(), 0); code != CURLUE_OK)
        return refused(
            doing, url,
            code == CURLUE_UNSUPPORTED_SCHEME ? "the redirect leads to something that is not http or https"
                                              : curl_url_strerror(code)
        );
    curl_url_set(next.get(), CURLUPART_USER, nullptr, 0);
    curl_url_set(next.get(), CURLUPART_PASSWORD, nullptr, 0);
    auto there = take(std::move(next), url, doing);
    if (there && same_origin(*this, *there))
        for (const auto which : {CURLUPART_USER, CURLUPART_PASSWORD})
            if (const std::string own = part(handle(), which); !own.empty())
                curl_url_set(there->own(), which, own.c_str(), 0);
    return there;
}

bool same_origin(const target& a, const target& b) {
    return a.secure() == b.secure() && a.host() == b.host() && a.port() == b.port();
}

failure target::set_user(const credentials& who, bool basic) {
    if (const char* fault = who.fault(basic))
        return failure(errc::invalid_argument).because(fault);
    failure bad = set(CURLUPART_USER, percent_encoded(who.user.value_or("")));
    return bad.code() ? bad : set(CURLUPART_PASSWORD, percent_encoded(who.password.value_or("")));
}

failure target::append_query(const std::string& encoded) {
    if (encoded.empty())
        return {};
    const std::string before = part(handle(), CURLUPART_QUERY);
    const std::string query = before.empty() ? encoded : before + "&" + encoded;
    if (failure bad = set(CURLUPART_QUERY, query); bad.code())
        return bad;
    read_text();
    return {};
}

// libcurl takes eight million bytes of a part, and no more.
failure target::set(int which, const std::string& encoded) {
    const CURLUcode code = curl_url_set(own(), static_cast<CURLUPart>(which), encoded.c_str(), 0);
    if (code == CURLUE_OUT_OF_MEMORY)
        throw std::bad_alloc();
    if (code == CURLUE_OK)
        return {};
    return failure(errc::invalid_argument)
        .because(
            "libcurl cannot put " + std::to_string(encoded.size()) +
            " bytes into the URL, of which no part may be larger than 8,000,000: " + curl_url_strerror(code)
        );
}

result<target> target::take(url_handle handle, const std::string& url, std::string_view doing) {
    target t;
    t.parts_ = std::make_shared<parts>();
    parts& p = *t.parts_;
    p.handle = std::move(handle);
    CURLU* parsed = p.handle.get();
    const std::string scheme = part(parsed, CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https")
        return refused(doing, url, "only http and https are spoken here");

    if (const char* fault = credentials::of(parsed).fault(true))
        return refused(doing, url, fault);
    p.secure = scheme == "https";
    p.host = part(parsed, CURLUPART_HOST);
    // Example.org is example.org: one connection, one place in the queue, one look-up
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (std::ranges::any_of(p.host, is_capital)) {
        std::ranges::transform(p.host, p.host.begin(), [&](char c) {
            return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c;
        });
        curl_url_set(parsed, CURLUPART_HOST, p.host.c_str(), 0);
    }
    p.port = part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (p.host.starts_with('['))
        p.host = p.host.substr(1, p.host.find(']') - 1);
    error_code is_name;
    if (may_be_address(p.host))
        if (auto address = boost::asio::ip::make_address(p.host, is_name); !is_name)
            p.literal = address;
    p.origin = scheme + "://" + p.host + ":" + p.port;
    if (url.find('#') != std::string::npos)
        curl_url_set(parsed, CURLUPART_FRAGMENT, nullptr, 0);
    t.read_text();
    return t;
}

// What libcurl would print, without its printf, which costs as much as parsing.
void target::read_text() {
    CURLU* const parsed = handle();
    const std::string port = part(parsed, CURLUPART_PORT), query = part(parsed, CURLUPART_QUERY);
    std::string& shown = parts_->shown;
    shown = secure() ? "https://" : "http://";
    shown += part(parsed, CURLUPART_HOST);
    if (shown.ends_with(']'))
        if (const std::string zone = part(parsed, CURLUPART_ZONEID); !zone.empty())
            shown.insert(shown.size() - 1, "%25" + zone);
    if (!port.empty())
        shown.append(":").append(port);
    shown += part(parsed, CURLUPART_PATH);
    if (!query.empty())
        shown.append("?").append(query);
    if (!std::ranges::all_of(shown, is_visible))
        shown = visible(shown);
}

// Nobody else's URL is changed with ours.
CURLU* target::own() {
    if (parts_.use_count() > 1) {
        auto copy = std::make_shared<parts>(*parts_);
        copy->handle = url_handle(curl_url_dup(handle()), url_closer());
        if (!copy->handle)
            throw std::bad_alloc();
        parts_ = std::move(copy);
    }
    return handle();
}

} // namespace oneloop::http
