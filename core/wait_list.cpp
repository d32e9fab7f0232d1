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
    std::list<std::shared_ptr<waiter>>::iterator place;
};

void wait_list::enter(const std::shared_ptr<wait_list>& self, completion<> handler) {
    auto w = std::make_shared<waiter>(self, std::move(handler));
    w->place = self->waiters_.insert(self->waiters_.end(), w);
    if (auto slot = w->handler.slot(); slot.is_connected())
        slot.assign([self, w = w.get()](boost::asio::cancellation_type) {
            auto leaves = std::move(*w->place);
            self->waiters_.erase(leaves->place);
            leaves->handler.fail(cancelled());
        });
}

void wait_list::notify_one() {
    if (waiters_.empty())
        return;
    auto first = std::move(waiters_.front());
    waiters_.pop_front();
    first->handler.succeed();
}

void wait_list::notify_all() {
    while (!waiters_.empty())
        notify_one();
}

} // namespace oneloop::detail
