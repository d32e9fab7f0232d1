#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/task_state.hpp>

namespace oneloop::detail {

task_end::~task_end() {
    if (!error_ || is_cancellation(error_))
        return;
    if (const auto told = unseen_.lock())
        told->failed_unseen(error_);
}

void task_end::end(std::exception_ptr why) {
    error_ = std::move(why);
    done_ = true;
    waiters_->notify_all();
    while (!watches_.empty()) {
        auto& watch = watches_.front();
        watches_.pop_front();
        watch.ended();
    }
}

} // namespace oneloop::detail
