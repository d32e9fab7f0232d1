#include "core/pool_engine.hpp"

#include "core/chance.hpp"
#include "core/words.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <iostream>
#include <utility>

namespace oneloop::detail {

namespace asio = boost::asio;

namespace {

using clock = deadline::clock;

constexpr std::chrono::seconds a_moment(1);

std::string in_words(const std::source_location& where) {
    const std::string path = where.file_name();
    return std::string(where.function_name()) + " at " + path.substr(path.rfind('/') + 1) + ":" +
           std::to_string(where.line());
}

} // namespace

pool_engine::pool_engine(executor loop, pool_options options, factory make)
    : loop_(std::move(loop)),
      options_(std::move(options)),
      make_(std::move(make)),
      policy_([this] {
          pool_limits limits;
          limits.min_size = options_.min_size_;
          limits.max_size = options_.max_size_;
          limits.max_connecting = options_.max_connecting_;
          limits.max_queued = options_.max_queued_;
          limits.idle_timeout = options_.idle_timeout_;
          limits.max_lifetime = options_.max_lifetime_;
          limits.retry = options_.retry_;
          return limits;
      }()),
      timer_(std::in_place, loop_, [this](deadline_timer::entry&) { return pump(), deadline::never(); }),
      closers_(std::make_shared<wait_list>(loop_)) {}

void pool_engine::open_early() {
    if (!closing_ && options_.min_size_ > 0)
        pump();
}

void pool_engine::accept(
    const request& who, std::source_location where, const std::shared_ptr<cancel_link>& link
) {
    failure why;
    if (closing_)
        why = failure(errc::closed).because("the pool is closed");
    auto w = std::make_shared<waiter>(who, where);
    w->give_up = deadline::in(options_.queue_timeout_);
    if (!closing_ && !policy_.enter(*w))
        why = failure(errc::queue_full).limit("max_queued " + std::to_string(options_.max_queued_));
    if (why.code())
        return who->fail(std::move(why.in(phase::queue).doing("acquire")));
    waiting_.emplace(w.get(), w);
    if (link) {
        who->listen_to(link);
        link->when_requested([weak = weak_from_this(), weak_waiter = std::weak_ptr(w)] {
            const auto self = weak.lock();
            if (const auto leaves = weak_waiter.lock();
                self && leaves && self->waiting_.contains(leaves.get())) {
                self->refuse(*leaves, cancelled().in(phase::queue));
                self->pump();
            }
        });
    }
    pump();
}

// One step after the other, until there is nothing to do. What is done may end at once and come back here, so
// it is a loop, not a recursion.
void pool_engine::pump() {
    if (gone_ || std::exchange(pumping_, true))
        return;
    for (auto step = policy_.next(clock::now()); step.what != pool_policy::act::rest;
         step = policy_.next(clock::now()))
        switch (step.what) {
            case pool_policy::act::rest:
                break;
            case pool_policy::act::lend:
                lend(step.which);
                break;
            case pool_policy::act::open:
                open();
                break;
            case pool_policy::act::close:
                close(step.which);
                break;
            case pool_policy::act::give_up:
                refuse(*step.who, exhausted());
                break;
            case pool_policy::act::refuse:
                refuse(
                    *step.who, closing_ ? failure(errc::closed).in(phase::queue).because("the pool is closed")
                                        : last_error_
                );
                break;
        }
    pumping_ = false;
    watch();
    told_if_empty();
}

void pool_engine::open() {
    const place where = policy_.open();
    slots_.resize(std::max(slots_.size(), where + 1));
    const auto connection = make_(); // kept for the call, which may end in let_go()
    slots_[where].connection = connection;
    connection->open([weak = weak_from_this(), where](failure why) {
        const auto self = weak.lock();
        if (!self || self->gone_)
            return;
        if (!why.code()) {
            ++self->opened_;
            self->slots_[where].opened_at = clock::now();
            self->policy_.opened(where, clock::now(), chance());
        } else {
            ++self->failed_;
            self->last_error_ = std::move(why);
            self->slots_[where] = slot();
            self->policy_.failed_to_open(where, clock::now(), chance());
        }
        self->pump();
    });
}

void pool_engine::lend(place which) {
    slot& s = slots_[which];
    if (!s.connection->sound())
        return !s.lent_before && clock::now() - s.opened_at < a_moment ? hung_up(which) : discard(which);
    s.lent_before = true;
    auto& ticket = static_cast<waiter&>(policy_.lend(which));
    const auto w = std::move(waiting_.extract(&ticket).mapped());
    ++leases_;
    s.out = loan{clock::now(), w->where, false};
    static_cast<void>(w->who->succeed(std::make_shared<lent>(weak_from_this(), loop_, which, s.connection)));
}

void pool_engine::discard(place which) {
    ++discarded_;
    let_go(which);
}

// A server that lets us in and closes the connection before anybody has it is as good as down: without a
// pause one such connection after the other would be opened.
void pool_engine::hung_up(place which) {
    ++failed_;
    last_error_ = failure(make_error_code(boost::system::errc::connection_reset))
                      .in(phase::connect)
                      .because("the connection was of no use as soon as the server had let us in");
    const auto connection = std::move(slots_[which].connection);
    slots_[which] = slot();
    policy_.failed_to_open(which, clock::now(), chance());
    connection->shut_down();
}

void pool_engine::give_back(place which, bool wanted) {
    if (gone_)
        return;
    slot& s = slots_[which];
    s.out.reset();
    if (!wanted || !s.connection->sound()) {
        discard(which);
        return pump();
    }
    policy_.returning(which);
    const auto connection = s.connection; // as in open()
    connection->restore([weak = weak_from_this(), which](failure why) {
        const auto self = weak.lock();
        if (!self || self->gone_)
            return;
        if (why.code()) {
            self->discard(which);
        } else {
            self->policy_.returned(which, clock::now());
        }
        self->pump();
    });
}

// Politely, because nothing is wrong with it.
void pool_engine::close(place which) {
    policy_.closing(which);
    const auto connection = slots_[which].connection; // as in open()
    connection->close([weak = weak_from_this(), which](const failure&) {
        const auto self = weak.lock();
        if (!self || self->gone_)
            return;
        self->let_go(which);
        self->pump();
    });
}

void pool_engine::let_go(place which) {
    const auto connection = std::move(slots_[which].connection);
    slots_[which] = slot();
    policy_.closed(which);
    connection->shut_down();
}

void pool_engine::refuse(pool_policy::ticket& ticket, failure why) {
    policy_.leave(ticket);
    const auto w = std::move(waiting_.extract(&ticket).mapped());
    w->who->fail(why.doing(why.doing().empty() ? "acquire" : why.doing()));
}

// Nobody gave a connection back in time: says who might have.
failure pool_engine::exhausted() const {
    failure why = failure(errc::timed_out).in(phase::queue);
    why.limit("queue_timeout " + oneloop::in_words(options_.queue_timeout_));
    const loan* longest = nullptr;
    for (const slot& s : slots_)
        if (s.out && (!longest || s.out->since < longest->since))
            longest = &*s.out;
    const auto have = policy_.count();
    if (longest)
        why.because(
            "no connection came back; " + std::to_string(have.busy) + " of " +
            std::to_string(options_.max_size_) + " are on loan, one for " +
            oneloop::in_words(clock::now() - longest->since) + ", taken in " + in_words(longest->where)
        );
    else if (last_error_.code())
        why.because("no connection could be opened; the last attempt: " + last_error_.reason());
    return why;
}

void pool_engine::watch() {
    const deadline next = std::min(policy_.next_event(clock::now()), report_long_leases());
    if (!next.is_never())
        timer_->watch(next_event_, next);
    else if (policy_.count().all() == 0)
        timer_->rest();
}

// Gives the time when the next one has become long.
deadline pool_engine::report_long_leases() {
    deadline next = deadline::never();
    if (options_.long_lease_after_ == pool_options::duration::max())
        return next;
    const auto now = clock::now();
    for (slot& s : slots_) {
        if (!s.out || s.out->reported)
            continue;
        const auto long_from = deadline::after(s.out->since, options_.long_lease_after_);
        if (!long_from.passed(now)) {
            next = std::min(next, long_from);
            continue;
        }
        s.out->reported = true;
        long_lease which;
        which.age = now - s.out->since;
        which.where = s.out->where;
        if (options_.report_) // later: it may do anything, even destroy this pool
            asio::post(loop_, [weak = weak_from_this(), which] {
                if (const auto self = weak.lock(); self && !self->gone_)
                    self->options_.report_(which);
            });
        else
            std::clog << "oneloop: " + which.message() + "\n";
    }
    return next;
}

void pool_engine::told_if_empty() {
    if (closing_ && policy_.count().all() == 0)
        closers_->notify_all();
}

void pool_engine::close(completion<> done, std::shared_ptr<cancel_link> link) {
    if (gone_)
        return done.succeed();
    closing_ = true;
    policy_.drain();
    wait_list::enter(closers_, std::move(done), std::move(link));
    pump();
}

// An operation that was never started may keep the engine for longer than the loop lives: nothing that
// belongs to the loop may be left in it.
void pool_engine::shut_down() noexcept {
    closing_ = gone_ = true;
    while (!waiting_.empty())
        refuse(
            *waiting_.begin()->first, failure(errc::closed).in(phase::queue).because("the pool is closed")
        );
    closers_->notify_all();
    for (slot& s : slots_)
        if (const auto connection = std::move(s.connection))
            connection->shut_down();
    slots_.clear();
    timer_.reset();
    make_ = nullptr; // with its resolver
}

pool_statistics pool_engine::stats() const noexcept {
    const auto have = policy_.count();
    pool_statistics s;
    s.idle = have.idle;
    s.busy = have.busy;
    s.connecting = have.connecting;
    s.closing = have.closing;
    s.waiting = have.waiting;
    s.opened = opened_;
    s.failed = failed_;
    s.discarded = discarded_;
    s.leases = leases_;
    return s;
}

} // namespace oneloop::detail

namespace oneloop {

std::string long_lease::message() const {
    return "a connection has been on loan for " + in_words(age) + "; it was taken in " +
           detail::in_words(where);
}

} // namespace oneloop
