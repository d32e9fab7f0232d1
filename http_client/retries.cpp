#include "http_client/retries.hpp"

#include "http_client/curl_include.hpp"
#include <oneloop/http/error.hpp>

#include <charconv>
#include <string>

namespace oneloop::http {

bool may_pass(int status) noexcept {
    return status == 408 || status == 425 || status == 429 || (status >= 502 && status <= 504);
}

retry_policy with_rules_of_http(retry_policy policy, bool idempotent) {
    if (policy.has_rule())
        return policy;
    return policy.when([idempotent](const failure& why) {
        if (why.code().category() == status_category())
            return idempotent && may_pass(why.code().value());
        // A server that ends an HTTP/2 connection, or refuses a stream, shows as an error of its framing
        const bool of_connection = why == error_code(CURLE_HTTP2, curl_category()) ||
                                   why == error_code(CURLE_HTTP2_STREAM, curl_category());
        const bool passes = why == condition::timeout || why == condition::resolve ||
                            why == condition::network || of_connection;
        return passes && (idempotent || why.outcome() == outcome::not_sent);
    });
}

std::optional<std::chrono::seconds> retry_after(
    std::string_view value, std::chrono::system_clock::time_point now
) {
    using std::chrono::seconds;
    constexpr std::uint32_t longest = 24 * 3600;
    std::uint32_t number = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (end == value.data() + value.size() && !value.empty())
        return seconds(failed == std::errc() ? std::min(number, longest) : longest);
    const std::time_t at = curl_getdate(std::string(value).c_str(), nullptr);
    if (at < 0)
        return std::nullopt;
    const auto left = std::chrono::system_clock::from_time_t(at) - now;
    return std::clamp(std::chrono::ceil<seconds>(left), seconds(0), seconds(longest));
}

} // namespace oneloop::http
