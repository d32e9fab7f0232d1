#include "http_client/target.hpp"

#include "http_client/curl_include.hpp"

#include <algorithm>
#include <string_view>

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

failure refused(const std::string& shown, std::string why) {
    return failure(errc::invalid_argument).doing("GET " + shown).because("invalid URL: " + std::move(why));
}

// What stands before the host may hold a password, so a URL that cannot be parsed is shown without it.
std::string without_userinfo(const std::string& url) {
    const auto at = url.rfind('@');
    if (at == std::string::npos)
        return url;
    const auto scheme = url.find("://");
    return (scheme == std::string::npos ? "" : url.substr(0, scheme + 3)) + "…@" + url.substr(at + 1);
}

// For people and terminals: what is no visible ASCII stands there percent-encoded.
std::string visible(const std::string& url) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : url) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte < 0x7f)
            text += c;
        else
            text.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return text;
}

bool is_suspicious(char c) {
    return c == '\\' || static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
}

} // namespace

void url_closer::operator()(Curl_URL* url) const noexcept {
    curl_url_cleanup(url);
}

result<target> target::parse(const std::string& url) {
    const std::string shown = visible(without_userinfo(url));
    if (std::ranges::any_of(url, is_suspicious))
        return refused(shown, "it contains a space, a backslash or a control character; percent-encode it");
    if (url.find("://") == std::string::npos)
        return refused(shown, "it does not begin with http:// or https://");

    target t;
    t.handle_.reset(curl_url());
    CURLU* parsed = t.handle_.get();
    if (const CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url.c_str(), 0);
        code == CURLUE_UNSUPPORTED_SCHEME)
        return refused(shown, "only http and https are spoken here");
    else if (code != CURLUE_OK)
        return refused(shown, curl_url_strerror(code));
    const std::string scheme = part(parsed, CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https")
        return refused(shown, "only http and https are spoken here");

    t.secure_ = scheme == "https";
    t.host_ = part(parsed, CURLUPART_HOST);
    // Example.org is example.org: one connection, one place in the queue, one look-up
    std::ranges::transform(t.host_, t.host_.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    curl_url_set(parsed, CURLUPART_HOST, t.host_.c_str(), 0);
    t.port_ = part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (t.host_.starts_with('['))
        t.host_ = t.host_.substr(1, t.host_.find(']') - 1);
    error_code is_name;
    if (auto address = boost::asio::ip::make_address(t.host_, is_name); !is_name)
        t.literal_ = address;
    curl_url_set(parsed, CURLUPART_FRAGMENT, nullptr, 0);

    const url_handle open(curl_url_dup(parsed));
    curl_url_set(open.get(), CURLUPART_USER, nullptr, 0);
    curl_url_set(open.get(), CURLUPART_PASSWORD, nullptr, 0);
    t.shown_ = visible(part(open.get(), CURLUPART_URL));
    return t;
}

} // namespace oneloop::http
