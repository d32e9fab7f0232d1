#include <oneloop/detail/channel_line.hpp>

#include <string>
#include <utility>

namespace oneloop::detail {

channel_waiter::channel_waiter(const executor& loop) : pending(pending_registry::of(loop)) {}

void channel_waiter::abandon() noexcept {
    leave();
    let_go();
}

bool channel_waiter::leave() noexcept {
    auto* line = std::exchange(line_, nullptr);
    if (line)
        line->waiting_.erase(place_); // whoever calls this keeps it alive
    return line != nullptr;
}

void channel_line::enter(const std::shared_ptr<channel_waiter>& w, const std::shared_ptr<cancel_link>& link) {
    w->place_ = waiting_.insert(waiting_.end(), w);
    w->line_ = this;
    if (!link)
        return;
    w->listen_to(link);
    link->when_requested([weak = std::weak_ptr(w)] {
        if (const auto alive = weak.lock(); alive && alive->leave())
            alive->cancelled_in_line();
    });
}

std::shared_ptr<channel_waiter> channel_line::take_first() {
    if (waiting_.empty())
        return nullptr;
    auto first = waiting_.front();
    first->leave();
    return first;
}

failure channel_closed() {
    return failure(errc::closed).because("the channel was closed");
}

failure channel_line_full(std::size_t max_queued) {
    return failure(errc::queue_full).in(phase::queue).limit("max_queued " + std::to_string(max_queued));
}

} // namespace oneloop::detail
