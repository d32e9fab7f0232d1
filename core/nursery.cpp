#include <oneloop/detail/nursery.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <optional>

namespace oneloop::detail {

namespace asio = boost::asio;

namespace {

// The hop through the loop means that a child never runs inside the call that starts it. It also keeps clear
// of a fault of Asio 1.81: a coroutine that was cancelled and ends without ever having been suspended loses
// its completion.
awaitable<void> on_next_turn(executor loop, awaitable<void> body) {
    auto hop = asio::post(loop, asio::deferred);
    co_await std::move(hop);
    co_await std::move(body);
}

} // namespace

// Held by every child that has begun. When the loop is destroyed with children in flight, it destroys them in
// an order of its own; whoever waits for them goes last, because they may refer to what lives in its scope.
struct nursery::scope {
    std::optional<completion<>> parent;
};

void child::cancel() {
    cancel_requested_ = true;
    // The coroutine's own filter lets terminal pass, and nothing else unless it asked for more.
    if (started_)
        signal_.emit(asio::cancellation_type::all);
    else if (auto home = home_.lock())
        home->end_waiting(*this);
}

std::shared_ptr<child> nursery::start(awaitable<void> body, child::end_function on_end, failing whose) {
    auto c = std::make_shared<child>(std::move(body), std::move(on_end));
    c->failing_ = whose;
    c->cancel_requested_ = cancelled_;
    c->home_ = weak_from_this();
    if (places_taken_ < bound_)
        begin(c);
    else
        waiting_.push_back(c);
    return c;
}

void nursery::start_beside(awaitable<void> body, child::end_function on_end) {
    auto c = std::make_shared<child>(std::move(body), std::move(on_end));
    c->bounded_ = false;
    begin(std::move(c));
}

void nursery::begin(std::shared_ptr<child> c) {
    c->place_ = running_.insert(running_.end(), c);
    c->started_ = true;
    places_taken_ += c->bounded_;
    auto in_scope = scope_.lock();
    if (!in_scope)
        scope_ = in_scope = std::make_shared<scope>();
    auto on_end = [self = shared_from_this(), c, in_scope](std::exception_ptr why) { self->ended(*c, why); };
    asio::co_spawn(
        loop_, on_next_turn(loop_, std::move(c->body_)),
        asio::bind_cancellation_slot(c->signal_.slot(), std::move(on_end))
    );
    if (c->cancel_requested_)
        c->cancel();
}

// It passes through begin() and ends at its first co_await: whoever waits for it is told.
void nursery::end_waiting(child& c) {
    auto place = std::ranges::find(waiting_, &c, [](const auto& w) { return w.get(); });
    if (place == waiting_.end())
        return;
    auto leaves = std::move(*place);
    waiting_.erase(place);
    leaves->bounded_ = false;
    begin(std::move(leaves));
}

void nursery::ended(child& c, std::exception_ptr why) {
    running_.erase(c.place_);
    places_taken_ -= c.bounded_;
    // Whoever cancelled one child by itself knows; it is no failure of the whole.
    if (why && c.failing_ == failing::ends_all && !(c.cancel_requested_ && is_cancellation(why)))
        failed(why);
    if (c.on_end_)
        std::exchange(c.on_end_, nullptr)(why);
    refill();
    if (running_.empty())
        empty_->notify_all();
}

void nursery::failed(std::exception_ptr why) {
    if (!first_failure_)
        first_failure_ = why;
    cancel_rest();
}

void nursery::cancel_rest() {
    if (!cancelled_)
        cancel();
}

void nursery::failed_unseen(std::exception_ptr why) noexcept {
    if (!unseen_failure_)
        unseen_failure_ = std::move(why);
}

void nursery::refill() {
    while (places_taken_ < bound_ && !waiting_.empty()) {
        auto c = std::move(waiting_.front());
        waiting_.pop_front();
        begin(std::move(c));
    }
    try {
        while (next_ && !cancelled_ && places_taken_ < bound_)
            if (!next_())
                next_ = nullptr;
    } catch (...) {
        next_ = nullptr;
        failed(std::current_exception());
    }
}

void nursery::cancel() {
    cancelled_ = true;
    next_ = nullptr;
    // Those that wait still pass through begin(), each ending at its first co_await: whoever waits for one is
    // told.
    for (const auto& c : waiting_)
        c->cancel_requested_ = true;
    const std::list<std::shared_ptr<child>> now(running_);
    for (const auto& c : now)
        c->cancel();
}

awaitable<void> nursery::join(std::shared_ptr<nursery> self, bool shielded) {
    // A co_await of a cancelled coroutine throws at once; this one has to wait all the same.
    const bool throws = co_await this_coro::throw_if_cancelled();
    co_await this_coro::throw_if_cancelled(false);
    auto state = co_await this_coro::cancellation_state;
    if (!shielded && state.cancelled() != asio::cancellation_type::none)
        self->cancel();
    self->refill();
    self->empty_->keep_abandoned([weak = std::weak_ptr(self)](completion<> parent) {
        auto home = weak.lock();
        if (auto in_scope = home ? home->scope_.lock() : nullptr)
            in_scope->parent.emplace(std::move(parent));
    });
    while (!self->running_.empty()) {
        auto empty = self->empty_->wait(asio::as_tuple(asio::deferred));
        auto [cancelled] = co_await std::move(empty);
        if (cancelled && !shielded)
            self->cancel();
    }
    co_await this_coro::throw_if_cancelled(throws);
    if (self->first_failure_)
        std::rethrow_exception(self->first_failure_);
    if (self->unseen_failure_)
        std::rethrow_exception(self->unseen_failure_);
    state = co_await this_coro::cancellation_state;
    if (!shielded && state.cancelled() != asio::cancellation_type::none)
        throw error(oneloop::cancelled());
}

} // namespace oneloop::detail
