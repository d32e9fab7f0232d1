#include "core/virtual_time.hpp"

#include <oneloop/deadline.hpp>

#include <algorithm>
#include <stdexcept>

namespace oneloop {
namespace {

// Nobody waits for the end of all time.
constexpr auto time_point_of_never = deadline::never().at();

constinit thread_local virtual_time* time_here = nullptr;

} // namespace

loop_clock::time_point loop_clock::now() noexcept {
    return time_here ? time_here->now() : std::chrono::steady_clock::now();
}

virtual_time* virtual_time::here() noexcept {
    return time_here;
}

virtual_time::virtual_time() {
    if (time_here)
        throw std::logic_error("virtual time passes on this thread already");
    time_here = this;
}

virtual_time::~virtual_time() {
    time_here = nullptr;
}

virtual_time::hold virtual_time::stop() {
    return time_here ? time_here->holds_ : nullptr;
}

bool virtual_time::jump() {
    if (held())
        return false;
    bool somebody = false;
    while (!queue_->empty()) {
        const auto& [at, first] = *queue_->begin();
        if (first->waits()) {
            if (somebody && at > now_)
                break;
            somebody = true;
            now_ = std::max(now_, at);
        }
        const auto due = first->list_;
        first->leave_queue();
        due->notify_all(); // which calls nobody inside of this
    }
    return somebody;
}

std::size_t virtual_time::timers() const {
    return static_cast<std::size_t>(std::ranges::count_if(*queue_, [](const auto& entry) {
        return entry.second->waits();
    }));
}

void virtual_wait::wait(
    virtual_time& time, virtual_time::time_point until, const executor& loop, detail::completion<> done
) {
    if (!list_)
        list_ = std::make_shared<detail::wait_list>(loop);
    detail::wait_list::enter(list_, std::move(done));
    if (until <= time.now())
        return list_->notify_all();
    if (queue_ || until == time_point_of_never)
        return;
    queue_ = time.queue_;
    place_ = queue_->emplace(until, this);
}

void virtual_wait::cancel() {
    if (!list_)
        return;
    leave_queue();
    list_->cancel_all();
}

void virtual_wait::leave_queue() {
    if (const auto queue = std::exchange(queue_, nullptr))
        queue->erase(place_);
}

} // namespace oneloop
