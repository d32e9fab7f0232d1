#include <oneloop/detail/wait_list.hpp>

namespace oneloop::detail {

struct wait_list::waiter final : pending {
    waiter(const std::shared_ptr<wait_list>& l, completion<> h)
        : pending(l->registry_), list(l), handler(std::move(h)) {}

    void abandon() noexcept override {
        auto dies_here = std::move(handler);
        if (auto l = list.lock(); l && l->keeper_)
            l->keeper_(std::move(dies_here));
    }

    std::weak_ptr<wait_list> list;
    completion<> handler;
    std::list<std::shared_ptr<waiter>>::iterator place; // while it has a handler
};

void wait_list::enter(const std::shared_ptr<wait_list>& self, completion<> handler) {
    auto link = cancel_link::connect(handler.slot(), self->loop_);
    enter(self, std::move(handler), std::move(link));
}

void wait_list::enter(
    const std::shared_ptr<wait_list>& self, completion<> handler, std::shared_ptr<cancel_link> link
) {
    auto w = std::make_shared<waiter>(self, std::move(handler));
    w->place = self->waiters_.insert(self->waiters_.end(), w);
    if (!link)
        return;
    w->listen_to(link);
    link->when_requested([weak_list = std::weak_ptr(self), weak_waiter = std::weak_ptr(w)] {
        const auto list = weak_list.lock();
        const auto leaves = weak_waiter.lock();
        if (list && leaves)
            list->leave(*leaves);
    });
}

void wait_list::leave(waiter& w) {
    if (!w.handler)
        return; // notified already
    const auto alive = std::move(*w.place);
    waiters_.erase(w.place);
    auto handler = std::move(w.handler);
    handler.fail(cancelled());
}

void wait_list::cancel_all() {
    for (const auto& w : std::exchange(waiters_, {})) {
        auto handler = std::move(w->handler);
        handler.fail(cancelled()); // which does nothing for one that was abandoned
    }
}

void wait_list::notify_one() {
    if (waiters_.empty())
        return;
    auto first = std::move(waiters_.front());
    waiters_.pop_front();
    auto handler = std::move(first->handler);
    handler.succeed();
}

void wait_list::notify_all() {
    while (!waiters_.empty())
        notify_one();
}

} // namespace oneloop::detail
