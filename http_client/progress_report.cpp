#include "http_client/progress_report.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace oneloop::http {
namespace {

failure told_by(const std::exception_ptr& thrown) {
    error_code code = errc::invalid_argument;
    std::string text;
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& coded) {
        code = coded.code() ? coded.code() : code;
        text = coded.what();
    } catch (const std::exception& e) {
        text = e.what();
    } catch (...) {
        text = "something that is no std::exception";
    }
    return failure(code).because("on_progress threw: " + text);
}

} // namespace

progress_report::progress_report(executor loop, function f, duration interval)
    : loop_(std::move(loop)),
      function_(std::make_shared<const function>(std::move(f))),
      interval_(std::max<duration>(interval, std::chrono::milliseconds(1))),
      timer_(loop_) {
    meter_.sample(0, deadline::clock::now());
}

void progress_report::changed(
    std::uint64_t bytes, std::optional<std::uint64_t> total, std::uint64_t received
) {
    bytes_ = bytes;
    total_ = total;
    received_ = received;
    if (stopped_ || std::exchange(waiting_, true))
        return;
    timer_.expires_at(deadline::after(deadline::clock::now(), interval_));
    timer_.async_wait([weak = weak_from_this()](error_code code) {
        const auto self = weak.lock();
        if (!self || code)
            return;
        self->waiting_ = false;
        self->tell();
    });
}

void progress_report::last(std::function<void()> next) {
    waiting_ = true; // no other call comes any more
    timer_.cancel();
    next_ = std::move(next);
    boost::asio::post(loop_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self)
            return;
        self->tell();
        if (const auto go_on = std::exchange(self->next_, nullptr); go_on)
            go_on();
    });
}

void progress_report::stop() {
    stopped_ = true;
    failed_ = nullptr;
    next_ = nullptr;
    timer_.cancel();
}

void progress_report::tell() {
    if (stopped_)
        return;
    meter_.sample(received_, deadline::clock::now());
    const auto called = function_; // it may end all that there is of this
    try {
        (*called)(meter_.tell(bytes_, total_));
    } catch (...) {
        const auto failed = std::exchange(failed_, nullptr);
        stopped_ = true;
        if (failed)
            failed(told_by(std::current_exception()));
    }
}

} // namespace oneloop::http
