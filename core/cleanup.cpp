#include <oneloop/cleanup.hpp>
#include <oneloop/detail/nursery.hpp>
#include <oneloop/error.hpp>
#include <oneloop/timeout.hpp>

#include <string>
#include <typeinfo>

namespace oneloop::detail {

namespace {

std::string in_words(const std::exception_ptr& why) {
    try {
        std::rethrow_exception(why);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

// What the body threw, with what happened later in its text if it has one of ours. An exception of another
// type cannot be added to without becoming another.
std::exception_ptr both(const std::exception_ptr& body, const std::exception_ptr& cleanup) {
    failure story;
    try {
        std::rethrow_exception(body);
    } catch (const boost::system::system_error& e) {
        if (typeid(e) == typeid(error))
            story = static_cast<const error&>(e).failure();
        else if (typeid(e) == typeid(boost::system::system_error))
            story = failure(e.code());
        else
            return body;
    } catch (...) {
        return body;
    }
    story.because(story.reason() + "; and the clean-up failed: " + in_words(cleanup));
    return std::make_exception_ptr(error(std::move(story)));
}

} // namespace

awaitable<void> clean_up(
    cleanup_options how, std::function<awaitable<void>()> make, std::exception_ptr failed
) {
    auto alone = std::make_shared<nursery>(co_await this_coro::executor, 1);
    std::exception_ptr why;
    try {
        alone->start(timeout(how.limit(), make()));
        co_await nursery::join(alone, true);
    } catch (...) {
        why = std::current_exception();
    }
    if (failed && why) {
        if (how.when_hidden())
            how.when_hidden()(why);
        failed = both(failed, why);
    }
    if (failed)
        std::rethrow_exception(failed);
    if (why)
        std::rethrow_exception(why);
}

} // namespace oneloop::detail
