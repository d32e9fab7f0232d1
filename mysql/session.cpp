#include "mysql/session.hpp"

#include "core/words.hpp"
#include "mysql/prepared_exchange.hpp"
#include "mysql/shown.hpp"
#include "mysql/text_exchange.hpp"
#include "mysql/verdict.hpp"

#include <boost/asio/post.hpp>

#include <utility>

// The statements of a session, from one that comes in to one that has ended. What is around them:
// session_life.cpp.

namespace oneloop::mysql {

void statement::fail(failure why) const {
    whose_->fail(why.doing(ping_ ? "ping" : "query \"" + shown(sql_) + "\""));
}

session::session(executor loop, options o)
    : loop_(std::move(loop)),
      options_(std::move(o)),
      waiting_closers_(std::make_shared<oneloop::detail::wait_list>(loop_)) {}

void session::enter(statement_ptr s, std::shared_ptr<oneloop::detail::cancel_link> link) {
    if (state_ != state::open || closing_)
        return s->fail(closed(state_ == state::lost ? lost_because_ : "the connection was closed"));
    if (waiting_.size() >= options_.max_queued())
        return s->fail(failure(errc::queue_full)
                           .in(phase::queue)
                           .limit("max_queued " + std::to_string(options_.max_queued())));
    s->place = waiting_.insert(waiting_.end(), s);
    s->until = deadline::in(options_.queue_timeout());
    deadlines_->watch(*s, s->until);
    if (link) {
        s->whose()->listen_to(link);
        link->when_requested([weak = weak_from_this(), weak_statement = std::weak_ptr(s)] {
            const auto self = weak.lock();
            if (const auto which = weak_statement.lock(); self && which)
                self->cancel(which);
        });
    }
    pump();
}

// An answer may be there at once, and the next statement begins from within: a loop, not a recursion.
void session::pump() {
    if (std::exchange(pumping_, true))
        return;
    while (state_ == state::open && !running_ && !task_runs_ && !waiting_.empty()) {
        running_ = waiting_.front();
        waiting_.pop_front();
        begin();
    }
    pumping_ = false;
}

void session::begin() {
    // Bytes that nobody has asked for would be taken for the answer. Most often it is the server's last word.
    if (!stepper_->quiet())
        return lose(
            failure(errc::closed)
                .in(phase::send)
                .because("the server has closed the connection; connect anew"),
            "the server had closed it"
        );
    running_->until = deadline::in(options_.query_timeout());
    deadline_timer::forget(*running_);
    deadlines_->watch(*running_, running_->until);
    stepper_->begin_statement();
    if (running_->is_ping())
        return ping();
    auto told = [this](failure why, rows answer, bool sound) {
        ended(std::move(why), std::move(answer), sound);
    };
    if (running_->given().empty())
        exchange_ = std::make_shared<text_exchange>(
            loop_, *stepper_, running_->sql(), options_.max_result(), std::move(told)
        );
    else
        exchange_ = std::make_shared<prepared_exchange>(
            loop_, *stepper_, running_->sql(), running_->given(), options_.max_result(), std::move(told)
        );
    exchange_->start();
}

void session::ping() {
    MYSQL* const m = stepper_->get();
    stepper_->drive(
        mysql_ping_start(&failed_, m), [this, m](int what) { return mysql_ping_cont(&failed_, m, what); },
        [this, m] {
            if (!failed_)
                return ended({}, {}, true);
            const unsigned number = mysql_errno(m);
            ended(tell_progress(*stepper_, verdict(number, mysql_error(m))), {}, connection_lives_on(number));
        }
    );
}

void session::ended(failure why, rows answer, bool sound) {
    const auto keep = shared_from_this();
    if (!sound) {
        const std::string reason = why.reason();
        return lose(std::move(why), reason);
    }
    const auto s = std::move(running_);
    running_ = nullptr;
    exchange_.reset();
    deadline_timer::forget(*s);
    if (!why.code())
        why = s->whose()->succeed(std::move(answer));
    if (why.code())
        s->fail(std::move(why));
    pump();
    say_goodbye_if_drained();
    rest_soon();
}

void session::cancel(const statement_ptr& s) {
    if (s == running_)
        return interrupt(cancelled());
    leave_queue(s);
    s->fail(cancelled().in(phase::queue));
    say_goodbye_if_drained();
    rest_soon();
}

void session::leave_queue(const statement_ptr& s) {
    deadline_timer::forget(*s);
    waiting_.erase(s->place);
}

// The protocol cannot take a statement back, so its connection goes with it.
void session::interrupt(failure why) {
    why = tell_progress(*stepper_, std::move(why));
    const std::string reason = "a query on it ended before its answer: " + why.reason();
    lose(std::move(why), reason);
}

void session::lose(failure of_running, const std::string& why) {
    const auto keep = shared_from_this();
    const auto s = std::move(running_);
    running_ = nullptr;
    state_ = state::lost;
    lost_because_ = "the connection was lost (" + why + "); connect anew";
    drop_connection();
    if (s) {
        deadline_timer::forget(*s);
        s->fail(std::move(of_running));
    }
    fail_waiting(lost_because_);
    say_goodbye_if_drained();
    rest_soon();
}

void session::fail_waiting(const std::string& why) {
    while (!waiting_.empty()) {
        const auto s = waiting_.front();
        leave_queue(s);
        s->fail(closed(why));
    }
}

failure session::closed(const std::string& why) const {
    return failure(errc::closed).in(phase::queue).because(why);
}

void session::drop_connection() noexcept {
    if (stepper_)
        stepper_->give_up([this] {
            if (exchange_)
                exchange_->abandon();
        });
    exchange_.reset();
    stepper_.reset();
}

deadline session::check_limits(deadline_timer::entry& which) {
    const auto now = deadline::clock::now();
    if (&which == &task_limit_) {
        if (!task_until_.passed(now))
            return task_until_;
        // Later: whoever is told may shut this down, and the timer that is calling with it
        boost::asio::post(loop_, [weak = weak_from_this()] {
            if (auto self = weak.lock(); self && self->task_runs_)
                self->task_failed();
        });
        return deadline::never();
    }
    auto* const late = static_cast<statement*>(&which);
    if (!late->until.passed(now))
        return late->until;
    const bool runs = late == running_.get();
    failure why = failure(errc::timed_out)
                      .limit(
                          runs ? "query_timeout " + in_words(options_.query_timeout())
                               : "queue_timeout " + in_words(options_.queue_timeout())
                      );
    if (runs) {
        interrupt(std::move(why));
    } else {
        const auto s = *late->place;
        leave_queue(s);
        s->fail(why.in(phase::queue));
        say_goodbye_if_drained();
        rest_soon();
    }
    return deadline::never();
}

// One more turn, because whoever was just told may start the next statement.
void session::rest_soon() {
    if (std::exchange(rest_pending_, true))
        return;
    boost::asio::post(loop_, [weak = weak_from_this()] {
        auto self = weak.lock();
        if (!self)
            return;
        self->rest_pending_ = false;
        if (self->deadlines_ && !self->running_ && self->waiting_.empty() && !self->task_runs_)
            self->deadlines_->rest();
    });
}

} // namespace oneloop::mysql
