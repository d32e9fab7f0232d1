#pragma once

#include <oneloop/error.hpp>
#include <oneloop/retry_policy.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

namespace oneloop::http {

/// How many requests of a client may be tried again: when a server is down, a retry of everything would make
/// two requests of each. One retry is earned by ten requests, and `most` can be saved up.
class retry_budget {
public:
    explicit retry_budget(std::size_t most) : most_(static_cast<double>(most)), left_(most_) {}

    void earn() noexcept { left_ = std::min(most_, left_ + 0.1); }
    bool spend() noexcept {
        if (left_ < 1)
            return false;
        left_ -= 1;
        return true;
    }

private:
    double most_, left_;
};

/// A status that another attempt may better: 408, 425, 429, 502, 503 and 504.
bool may_pass(int status) noexcept;

/// The policy with the rules of HTTP where it has none of its own: repeated is what was not sent, and, with a
/// method that may be repeated, what is in doubt and those statuses.
retry_policy with_rules_of_http(retry_policy, bool idempotent);

/// What a server asks for with Retry-After, in seconds or as a date (RFC 9110, 10.2.3); nothing for what is
/// neither. A date that has passed means now.
std::optional<std::chrono::seconds> retry_after(
    std::string_view value, std::chrono::system_clock::time_point now
);

} // namespace oneloop::http
