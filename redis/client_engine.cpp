#include "redis/client_engine.hpp"

#include "core/chance.hpp"
#include "core/words.hpp"

#include <utility>

namespace oneloop::redis {

client_engine::client_engine(executor loop, options o)
    : loop_(std::move(loop)),
      resolver_(std::exchange(o.resolver_, nullptr)),
      options_(std::make_shared<const options>(std::move(o))),
      retry_(options_->retry_),
      closers_(std::make_shared<oneloop::detail::wait_list>(loop_)) {
    if (!resolver_)
        resolver_ = std::make_shared<resolver>(loop_);
}

void client_engine::submit(
    const std::shared_ptr<detail::value_operation>& who, request what,
    const std::shared_ptr<oneloop::detail::cancel_link>& cancel
) {
    if (closing_)
        return who->fail(
            failure(oneloop::errc::closed).in(phase::queue).doing(shown(what)).because("the client is closed")
        );
    if (!link_ || link_->lost()) {
        if (link_)
            judge_lost();
        const auto now = deadline::clock::now();
        if (!next_attempt_.passed(now)) {
            failure why = last_error_;
            why.because(
                last_error_.reason() + "; tried a moment ago, the next attempt is made in " +
                in_words(next_attempt_.remaining(now))
            );
            return who->fail(why.ended(outcome::not_sent).doing(shown(what)));
        }
        connect();
    }
    link_->submit(who, std::move(what), cancel);
}

// A server that lets us in and answers nothing is as good as down: without a pause each command would open a
// connection. One that has answered is worth another attempt at once.
void client_engine::judge_lost() {
    if (!std::exchange(connected_, false))
        return;
    answered_ += link_->answered();
    if (link_->answered() > 0)
        return retry_.reset();
    last_error_ = link_->why_lost();
    next_attempt_ = deadline::in(retry_.next(chance()));
}

void client_engine::connect() {
    link_ = std::make_shared<link>(loop_, options_, resolver_, usage::shared);
    link_->open([weak = weak_from_this()](failure why) {
        if (const auto self = weak.lock())
            self->connected(std::move(why));
    });
}

void client_engine::connected(failure why) {
    if (!why.code()) {
        ++connects_;
        connected_ = true;
        return;
    }
    ++failed_connects_;
    last_error_ = std::move(why);
    next_attempt_ = deadline::in(retry_.next(chance()));
}

void client_engine::close(
    oneloop::detail::completion<> done, std::shared_ptr<oneloop::detail::cancel_link> cancel
) {
    if (gone_)
        return done.succeed();
    const bool first = !std::exchange(closing_, true);
    oneloop::detail::wait_list::enter(closers_, std::move(done), std::move(cancel));
    if (first && link_)
        link_->close([weak = weak_from_this()](const failure&) {
            if (const auto self = weak.lock())
                self->told_if_closed();
        });
    else
        told_if_closed();
}

void client_engine::told_if_closed() {
    if (!link_ || link_->lost())
        closers_->notify_all();
}

// An operation that was never started may keep this for longer than the loop lives: nothing that belongs to
// the loop may be left.
void client_engine::shut_down() noexcept {
    closing_ = gone_ = true;
    if (link_)
        link_->shut_down();
    closers_->notify_all();
    resolver_.reset();
}

client::statistics client_engine::stats() const noexcept {
    client::statistics s;
    s.answered = answered_;
    s.connects = connects_;
    s.failed_connects = failed_connects_;
    if (!link_)
        return s;
    s.connected = connected_ && !link_->lost();
    s.waiting = link_->waiting();
    s.in_flight = link_->in_flight();
    s.abandoned = link_->abandoned();
    if (connected_)
        s.answered += link_->answered();
    return s;
}

} // namespace oneloop::redis
