#include "redis/settle.hpp"

#include "redis/guard.hpp"
#include <oneloop/blocking.hpp>
#include <oneloop/run.hpp>

#include <utility>

namespace oneloop::redis {

namespace {

using detail::value_operation;
using converted = oneloop::detail::converted;

constexpr std::size_t many = 10'000; // parts; some milliseconds

// Stops counting when it knows.
std::size_t parts_of(const value& v, std::size_t counted = 0) noexcept {
    for (const value& item : v.items()) {
        if (++counted > many)
            break;
        counted = parts_of(item, counted);
    }
    return counted;
}

void drop(value) {}

awaitable<> drop_elsewhere(value answer) {
    try {
        co_await run_blocking(&drop, std::move(answer));
    } catch (const std::exception&) { // the pool is full: then it dies here
    }
}

void tell(value_operation& who, failure why, const std::string& doing) {
    if (why.code())
        who.fail(why.doing(doing));
}

awaitable<> convert_elsewhere(std::shared_ptr<value_operation> who, value answer, std::string doing) {
    failure why;
    std::unique_ptr<converted> wanted;
    try {
        wanted = co_await run_blocking(who->converter(), std::move(answer));
    } catch (const error& e) {
        why = e.failure();
    } catch (const std::exception&) {
        why = failure(make_error_code(boost::system::errc::not_enough_memory));
    }
    if (wanted)
        why = who->complete(std::move(wanted));
    tell(*who, std::move(why), doing);
}

} // namespace

void settle(const executor& loop, std::shared_ptr<value_operation> who, value answer, const request& to) {
    const bool large = parts_of(answer) > many;
    if (!who) {
        if (large)
            spawn(loop, drop_elsewhere(std::move(answer)));
        return;
    }
    if (large)
        return spawn(loop, convert_elsewhere(std::move(who), std::move(answer), shown(to)));
    failure why;
    if (answer.what() == value::kind::error)
        why = failure(code_of(answer.text()))
                  .in(phase::receive)
                  .ended(outcome::answered)
                  .because(shown_error(answer.text()));
    else
        why = who->succeed(std::move(answer));
    if (why.code())
        tell(*who, std::move(why), shown(to));
}

} // namespace oneloop::redis
