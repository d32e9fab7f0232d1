#include "core/chance.hpp"
#include "core/words.hpp"
#include <oneloop/retry.hpp>

#include <string>
#include <utility>

namespace oneloop {

bool retry_policy::allows(const failure& why) const {
    if (why == condition::cancelled)
        return false;
    if (when_)
        return when_(why);
    const bool may_pass = why == condition::timeout || why == condition::resolve || why == condition::network;
    return may_pass && (idempotent_ || why.outcome() == outcome::not_sent);
}

std::optional<retry_course::clock::duration> retry_course::again(
    const failure& why, clock::time_point now, double chance
) {
    ++failed_;
    if (failed_ >= policy_.attempts() || !policy_.allows(why))
        return std::nullopt;
    const auto pause = backoff_.next(chance);
    if (pause >= until_.remaining(now))
        return std::nullopt;
    return pause;
}

failure retry_course::last(failure why, clock::time_point now) const {
    if (why == condition::cancelled)
        return why;
    if (why == condition::timeout && why.limit().starts_with("timeout ") && until_.passed(now))
        why.limit("total_time " + in_words(policy_.total_time()));
    if (failed_ > 1)
        why.because(why.reason() + ", after " + std::to_string(failed_) + " attempts");
    return why;
}

namespace detail {

std::optional<failure> failure_to_judge(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const error& told) {
        return told.failure();
    } catch (const boost::system::system_error& coded) {
        return failure(coded.code()).ended(outcome::in_doubt);
    } catch (...) {
        return std::nullopt;
    }
}

std::optional<deadline::clock::duration> pause_after(retry_course& course, const failure& why) {
    return course.again(why, deadline::clock::now(), chance());
}

void throw_last(const retry_course& course, const std::exception_ptr& thrown) {
    if (is_cancellation(thrown) || (course.failed() == 1 && !course.until().passed(deadline::clock::now())))
        std::rethrow_exception(thrown); // as it was, of whatever type
    throw error(last_of(course, *failure_to_judge(thrown)));
}

failure last_of(const retry_course& course, failure why) {
    return course.last(std::move(why), deadline::clock::now());
}

} // namespace detail
} // namespace oneloop
