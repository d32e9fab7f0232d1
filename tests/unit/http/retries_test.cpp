#include "http_client/retries.hpp"

#include "tests/support/catch.hpp"
#include <oneloop/http/error.hpp>

using namespace oneloop;
using namespace std::chrono_literals;

TEST_CASE("retries: what Retry-After says", "[retries]") {
    const auto now = std::chrono::system_clock::from_time_t(784'111'777); // 06 Nov 1994 08:49:37 GMT
    const auto asked = [&](std::string_view value) { return http::retry_after(value, now); };
    CHECK(asked("0") == 0s);
    CHECK(asked("120") == 120s);
    CHECK(asked("999999999999999999999") == 24h);
    CHECK(asked("Sun, 06 Nov 1994 08:49:37 GMT") == 0s);
    CHECK(asked("Sun, 06 Nov 1994 08:50:37 GMT") == 60s);
    CHECK(asked("Sunday, 06-Nov-94 08:50:37 GMT") == 60s);
    CHECK(asked("Sun Nov  6 08:50:37 1994") == 60s);
    CHECK(asked("Sun, 06 Nov 1994 08:00:00 GMT") == 0s);
    CHECK(asked("Sun, 06 Nov 2094 08:00:00 GMT") == 24h);
    CHECK_FALSE(asked(""));
    CHECK_FALSE(asked("-1"));
    CHECK_FALSE(asked("soon"));
}

TEST_CASE("retries: what is repeated", "[retries]") {
    const auto any = http::with_rules_of_http(retry_policy(), true);
    const auto once = http::with_rules_of_http(retry_policy(), false);
    const auto status = [](int number) {
        return failure(error_code(number, http::status_category())).ended(outcome::answered);
    };
    for (const int passes : {408, 425, 429, 502, 503, 504}) {
        CHECK(any.allows(status(passes)));
        CHECK_FALSE(once.allows(status(passes)));
    }
    for (const int stays : {400, 401, 403, 404, 410, 500, 501, 505})
        CHECK_FALSE(any.allows(status(stays)));
    auto late = failure(errc::timed_out).ended(outcome::in_doubt);
    CHECK(any.allows(late));
    CHECK_FALSE(once.allows(late));
    CHECK(once.allows(late.ended(outcome::not_sent)));
    for (const auto never : {errc::closed, errc::queue_full, errc::too_large, errc::invalid_argument})
        CHECK_FALSE(any.allows(failure(never)));
    CHECK_FALSE(any.allows(cancelled()));
    // A rule of one's own decides alone
    const auto own = http::with_rules_of_http(
        retry_policy().when([](const failure& f) { return f == errc::too_large; }), true
    );
    CHECK(own.allows(failure(errc::too_large)));
    CHECK_FALSE(own.allows(late));
}

TEST_CASE("retries: a budget is earned slowly", "[retries]") {
    http::retry_budget budget(2);
    CHECK(budget.spend());
    CHECK(budget.spend());
    CHECK_FALSE(budget.spend());
    for (int i = 0; i < 9; ++i)
        budget.earn();
    CHECK_FALSE(budget.spend());
    budget.earn();
    budget.earn(); // tenths do not add up to one exactly
    CHECK(budget.spend());
    for (int i = 0; i < 1'000; ++i)
        budget.earn();
    CHECK(budget.spend());
    CHECK(budget.spend());
    CHECK_FALSE(budget.spend());
}
