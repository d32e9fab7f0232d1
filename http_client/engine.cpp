#include "http_client/engine.hpp"

#include "core/words.hpp"
#include "http_client/request_check.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>

#include <new>
#include <utility>

namespace oneloop::http {

namespace asio = boost::asio;

namespace {

constexpr int idle_turns_before_rest = 8; // of the loop

// Hosts do not spread evenly over the lanes.
std::size_t kept_in_each(std::size_t lanes, std::size_t connections) {
    return lanes == 1 ? connections : 2 * connections / lanes;
}

} // namespace

engine::engine(executor loop, client_options options)
    : loop_(std::move(loop)),
      resolver_(std::exchange(options.resolver_, nullptr)),
      options_(std::move(options)),
      connection_(options_),
      registry_(oneloop::detail::pending_registry::of(loop_)),
      admission_(
          options_.max_in_flight_, options_.max_in_flight_per_host_, options_.max_queued_,
          options_.host_pause_
      ),
      multi_(std::make_shared<multi>(
          loop_, admission_.lanes(), kept_in_each(admission_.lanes(), options_.max_in_flight_),
          [this](easy& used, CURLcode code) { ended(used, code); }
      )),
      deadlines_(std::in_place, loop_, [this](deadline_timer::entry& which) { return check_limits(which); }),
      budget_(options_.max_retries_saved_),
      closers_(std::make_shared<oneloop::detail::wait_list>(loop_)) {
    if (!connection_.http2)
        multi_->distrust_idle_connections();
    if (options_.trace_ || options_.log_)
        tracer_ = std::make_shared<tracer>(loop_, options_.trace_, options_.log_);
    if (options_.transport_)
        exchanges_ = std::make_shared<oneloop::detail::nursery>(loop_, oneloop::detail::nursery::unbounded);
    if (!resolver_)
        resolver_ = std::make_shared<resolver>(loop_, resolver_options().timeout(options_.times_.connect));
    headers of_all = options_.headers_;
    of_all.add("User-Agent", options_.user_agent_);
    if (failure bad = check(of_all); bad.code())
        throw error(bad.doing("http::client"));
    if (!options_.base_url_.empty())
        base_.emplace(target::parse(options_.base_url_, "http::client, base_url").value());
}

void engine::told_if_drained() {
    if (gone_ || !transfers_.empty())
        return;
    rest_soon();
    if (closing_ && files_at_work_ == 0) {
        multi_->close_connections();
        closers_->notify_all();
    }
}

void engine::enter(transfer& t, phase p) {
    t.limits.enter(p, transfer::clock::now());
    deadlines_->watch(t, t.limits.next().at);
}

deadline engine::check_limits(deadline_timer::entry& which) {
    if (&which == &next_turn_) {
        pump(); // which watches it again
        return deadline::never();
    }
    const transfer_ptr t = transfers_.at(static_cast<transfer&>(which).place);
    const auto met = t->limits.next();
    if (!met.at.passed(transfer::clock::now()))
        return met.at; // it has moved on since
    if (met.resume) {
        enter(*t, phase::queue);
        admission_.move(*t, t->url.origin());
        pump();
        return deadline::never(); // enter() watches it again
    }
    if (met.next_address) {
        end_attempt(*t);
        attempt(t);
        return deadline::never(); // attempt() watches it again
    }
    finish(t, failure(errc::timed_out).limit(std::string(met.name) + " " + in_words(met.value)));
    return deadline::never();
}

// Whoever was just told may start the next request in this turn, and who waits for all of many starts the
// next of them a few turns later.
void engine::rest_soon() {
    idle_turns_ = 0;
    if (!std::exchange(rest_pending_, true))
        count_idle_turn();
}

void engine::count_idle_turn() {
    asio::post(loop_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self)
            return;
        const bool idle = !self->gone_ && self->transfers_.empty();
        if (idle && ++self->idle_turns_ < idle_turns_before_rest)
            return self->count_idle_turn();
        self->rest_pending_ = false;
        if (!idle)
            return;
        self->multi_->rest_if_idle();
        self->bodies_->close();
        self->deadlines_->rest();
    });
}

std::unique_ptr<easy> engine::take_handle() {
    if (idle_handles_.empty()) {
        auto fresh = std::make_unique<easy>();
        transfer::set_up(*fresh, options_, connection_);
        multi_->adopt(*fresh);
        return fresh;
    }
    auto used = std::move(idle_handles_.back());
    idle_handles_.pop_back();
    return used;
}

void engine::close(
    oneloop::detail::completion<> handler, std::shared_ptr<oneloop::detail::cancel_link> link
) {
    if (gone_)
        return handler.succeed();
    closing_ = true;
    oneloop::detail::wait_list::enter(closers_, std::move(handler), std::move(link));
    told_if_drained();
}

// An operation that was never started may keep the engine for longer than the loop lives: nothing that
// belongs to the loop may be left in it.
void engine::shut_down() {
    closing_ = gone_ = true;
    bodies_->close();
    while (!transfers_.empty()) {
        const transfer_ptr t = transfers_.back();
        finish(t, failure(errc::closed));
    }
    closers_->notify_all();
    if (!asks_policy_)
        return let_go();
    // We are called from our own inside, which needs all this until it returns
    asio::post(loop_, [self = shared_from_this()] { self->let_go(); });
}

void engine::let_go() {
    multi_->shut_down();
    multi_.reset();
    deadlines_.reset();
    idle_handles_.clear();
    resolver_.reset();
}

std::vector<cookie> engine::cookies() const {
    return connection_.cookies ? connection_.cookies->list() : std::vector<cookie>();
}

void engine::clear_cookies() {
    if (connection_.cookies)
        connection_.cookies->clear();
}

} // namespace oneloop::http
