#include <oneloop/detail/pending.hpp>
#include <oneloop/semaphore.hpp>

#include <boost/asio/dispatch.hpp>

#include <list>
#include <mutex>
#include <string>

namespace oneloop {
namespace detail {

// Where those who wait, those who cancel and those who give back on other threads meet. Handlers are posted
// under the lock: abandon() takes it too, so the loop cannot die in the middle of a post.
class semaphore_core : public std::enable_shared_from_this<semaphore_core> {
public:
    using permit = semaphore::permit;

    semaphore_core(executor loop, std::size_t places, std::size_t max_queued)
        : loop_(std::move(loop)),
          registry_(pending_registry::of(loop_)),
          free_(places),
          max_queued_(max_queued) {}

    const executor& loop() const noexcept { return loop_; }

    void enter(completion<permit> done, const std::shared_ptr<cancel_link>& link);
    permit try_acquire();
    void give_back() noexcept;
    void close();
    semaphore::statistics stats() const {
        std::lock_guard lock(mutex_);
        return {free_, waiting_.size()};
    }

private:
    struct waiter;
    completion<permit> take_handler(waiter&);

    const executor loop_; // not to be used by give_back(): it may be gone by then
    const std::shared_ptr<pending_registry> registry_;
    mutable std::mutex mutex_;
    std::size_t free_; // 0 while anybody waits
    const std::size_t max_queued_;
    std::list<std::shared_ptr<waiter>> waiting_;
    bool closed_ = false;
};

struct semaphore_core::waiter final : pending {
    waiter(const std::shared_ptr<semaphore_core>& c, completion<permit> h)
        : pending(c->registry_), core(c), handler(std::move(h)) {}

    void abandon() noexcept override {
        if (const auto c = core.lock())
            auto dies_unlocked = c->take_handler(*this);
    }
    void cancel() {
        if (const auto c = core.lock())
            if (auto leaves = c->take_handler(*this))
                leaves.fail(cancelled().in(phase::queue).doing("semaphore::acquire"));
    }

    const std::weak_ptr<semaphore_core> core;
    completion<permit> handler;
    std::list<std::shared_ptr<waiter>>::iterator place; // while it has a handler
};

void semaphore_core::enter(completion<permit> done, const std::shared_ptr<cancel_link>& link) {
    std::unique_lock lock(mutex_);
    if (closed_ || (free_ == 0 && waiting_.size() >= max_queued_)) {
        auto why = closed_ ? failure(errc::closed).because("the semaphore was destroyed")
                           : failure(errc::queue_full).limit("max_queued " + std::to_string(max_queued_));
        lock.unlock();
        return done.fail(why.in(phase::queue).doing("semaphore::acquire"));
    }
    if (free_ > 0) {
        --free_;
        lock.unlock();
        return done.succeed(permit(shared_from_this()));
    }
    auto w = std::make_shared<waiter>(shared_from_this(), std::move(done));
    w->place = waiting_.insert(waiting_.end(), w);
    lock.unlock();
    if (!link)
        return;
    w->listen_to(link);
    link->when_requested([weak = std::weak_ptr(w)] {
        if (const auto alive = weak.lock())
            alive->cancel();
    });
}

semaphore::permit semaphore_core::try_acquire() {
    std::lock_guard lock(mutex_);
    if (closed_ || free_ == 0)
        return permit();
    --free_;
    return permit(shared_from_this());
}

void semaphore_core::give_back() noexcept {
    std::shared_ptr<waiter> first; // outlives the lock, and keeps the loop's end waiting for it
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
        ++free_;
        return;
    }
    first = std::move(waiting_.front());
    waiting_.pop_front();
    auto handler = std::move(first->handler);
    handler.succeed(permit(shared_from_this()));
}

void semaphore_core::close() {
    std::list<std::shared_ptr<waiter>> all;
    std::lock_guard lock(mutex_);
    closed_ = true;
    all.swap(waiting_);
    for (const auto& w : all) {
        auto handler = std::move(w->handler);
        handler.fail(failure(errc::closed)
                         .because("the semaphore was destroyed")
                         .in(phase::queue)
                         .doing("semaphore::acquire"));
    }
}

completion<semaphore::permit> semaphore_core::take_handler(waiter& w) {
    std::lock_guard lock(mutex_);
    if (w.handler)
        waiting_.erase(w.place); // whoever calls this keeps it alive
    return std::move(w.handler);
}

} // namespace detail

semaphore::semaphore(executor loop, std::size_t places, std::size_t max_queued)
    : loop_(loop), core_(std::make_shared<detail::semaphore_core>(std::move(loop), places, max_queued)) {}

semaphore::~semaphore() {
    core_->close();
}

semaphore::permit semaphore::try_acquire() {
    return core_->try_acquire();
}

semaphore::statistics semaphore::stats() const {
    return core_->stats();
}

semaphore::permit& semaphore::permit::operator=(permit&& other) noexcept {
    permit taken(std::move(other));
    core_.swap(taken.core_);
    return *this;
}

void semaphore::permit::release() noexcept {
    if (const auto core = std::exchange(core_, nullptr))
        core->give_back();
}

void semaphore::start_acquire(
    const std::shared_ptr<detail::semaphore_core>& core, detail::completion<permit> done
) {
    auto link = detail::cancel_link::connect(done.slot(), core->loop());
    boost::asio::dispatch(core->loop(), [core, link = std::move(link), done = std::move(done)]() mutable {
        core->enter(std::move(done), link);
    });
}

} // namespace oneloop
