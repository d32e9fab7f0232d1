#include "http_client/fetching.hpp"

#include "http_client/engine.hpp"
#include <oneloop/detail/raised.hpp>

#include <utility>

namespace oneloop::http {

// A request under way. The story of its failure is written here.
struct fetching::flight {
    std::size_t index, place;
    std::string url;
    failure story;
};

fetching::fetching(
    const executor& loop, std::shared_ptr<engine> e, detail::request_source source, std::size_t at_once
)
    : loop_(loop),
      engine_(std::move(e)),
      source_(std::move(source)),
      at_once_(at_once ? at_once : 1),
      registry_(oneloop::detail::pending_registry::of(loop)),
      arrived_(std::make_shared<oneloop::detail::wait_list>(loop)),
      room_(std::make_shared<oneloop::detail::wait_list>(loop)) {}

awaitable<std::optional<fetched>> fetching::next(std::shared_ptr<fetching> self) {
    if (self->waiting_)
        throw error(failure(errc::invalid_argument)
                        .doing("fetcher::next")
                        .because("another coroutine waits for the next answer already"));
    const oneloop::detail::raised waiting(self->waiting_);
    self->begin_more();
    while (self->ready_.empty() && !(self->at_end_ && self->in_hand() == 0))
        co_await self->arrived_->wait();
    std::optional<fetched> item;
    if (!self->ready_.empty()) {
        item.emplace(std::move(self->ready_.front()));
        self->ready_.pop_front();
    } else if (self->source_failed_) {
        std::rethrow_exception(std::exchange(self->source_failed_, nullptr));
    }
    co_return item;
}

void fetching::begin_more() {
    if (source_.later) {
        if (!asker_ && !at_end_) {
            asker_ = std::make_shared<oneloop::detail::nursery>(loop_, 1);
            auto on_end = [weak = weak_from_this()](std::exception_ptr why) {
                const auto self = weak.lock();
                if (!self)
                    return;
                self->at_end_ = true;
                self->source_failed_ = std::move(why);
                self->arrived_->notify_all();
            };
            asker_->start(ask(shared_from_this()), std::move(on_end), oneloop::detail::failing::stays_here);
        }
        return room_->notify_one();
    }
    while (!at_end_ && in_hand() < at_once_) {
        try {
            if (auto what = source_.now())
                begin(std::move(*what));
            else
                at_end_ = true;
        } catch (...) {
            at_end_ = true;
            source_failed_ = std::current_exception();
        }
    }
}

awaitable<void> fetching::ask(std::shared_ptr<fetching> self) {
    while (auto what = co_await self->source_.later()) {
        self->begin(std::move(*what));
        while (self->in_hand() >= self->at_once_)
            co_await self->room_->wait();
    }
}

void fetching::begin(request what) {
    if (stopped_)
        return;
    std::size_t place = running_.size();
    if (free_.empty()) {
        running_.emplace_back();
    } else {
        place = free_.back();
        free_.pop_back();
    }
    auto f = std::make_shared<flight>(flight{begun_++, place, what.url(), failure()});
    auto done = [weak = weak_from_this(), f](error_code code, response r) {
        const auto self = weak.lock();
        if (!self)
            return;
        if (code)
            self->landed(f, std::move(f->story));
        else
            self->landed(f, std::move(r));
    };
    using handler = oneloop::detail::story_handler<decltype(done)>;
    running_[place] = engine_->accept(
        std::move(what), std::nullopt, response_handler(handler{&f->story, std::move(done)}, loop_), nullptr
    );
}

void fetching::landed(const std::shared_ptr<flight>& f, result<response> what) {
    running_[f->place].reset();
    free_.push_back(f->place);
    ready_.emplace_back(f->index, std::move(f->url), std::move(what));
    arrived_->notify_all();
}

void fetching::stop() noexcept {
    if (std::exchange(stopped_, true) || !registry_->alive())
        return; // or the loop is being destroyed, and with it all that runs there
    at_end_ = true;
    if (asker_)
        asker_->cancel();
    for (const auto& each : running_)
        engine_->cancel(each.lock());
}

fetcher::fetcher(
    const executor& loop, std::shared_ptr<engine> e, detail::request_source source, std::size_t in_flight
)
    : inside_(std::make_shared<fetching>(loop, std::move(e), std::move(source), in_flight)) {}

fetcher::~fetcher() {
    if (inside_)
        inside_->stop();
}

fetcher& fetcher::operator=(fetcher&& other) noexcept {
    fetcher taken(std::move(other));
    inside_.swap(taken.inside_);
    return *this;
}

awaitable<std::optional<fetched>> fetcher::next() {
    return fetching::next(inside_);
}

} // namespace oneloop::http
