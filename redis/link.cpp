#include "core/words.hpp"
#include "redis/link_entry.hpp"
#include "redis/settle.hpp"
#include <oneloop/redis/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <utility>

// The commands of a link, from one that is accepted to one that has its answer or was given up. What is
// around them: link_life.cpp.

namespace oneloop::redis {

namespace asio = boost::asio;

void link::submit(
    const std::shared_ptr<detail::value_operation>& who, request what,
    const std::shared_ptr<oneloop::detail::cancel_link>& cancel
) {
    auto e = std::make_shared<entry>(*this, std::move(what));
    if (std::string refused = refuse(e->what, usage_); !refused.empty())
        return who->fail(tell(failure(oneloop::errc::invalid_argument).because(std::move(refused)), *e));
    if (state_ == state::lost || closed_) {
        failure why = failure(oneloop::errc::closed).in(phase::queue);
        if (why_lost_.code() && why_lost_.code() != oneloop::errc::closed)
            why.because("the connection was lost before: " + why_lost_.reason());
        return who->fail(tell(std::move(why), *e));
    }
    const std::size_t bytes = e->what.bytes();
    failure full = failure(oneloop::errc::queue_full).in(phase::queue);
    if (pending_ >= options_->max_pending_)
        return who->fail(tell(full.limit("max_pending " + std::to_string(options_->max_pending_)), *e));
    if (pending_ > 0 && pending_bytes_ + bytes > options_->max_pending_bytes_)
        return who->fail(tell(full.limit("max_pending_bytes " + in_words(options_->max_pending_bytes_)), *e));

    e->who = who;
    e->place = outbox_.insert(outbox_.end(), e);
    ++pending_;
    pending_bytes_ += bytes;
    deadlines_->watch(*e, deadline::in(options_->command_timeout_));
    if (cancel) {
        who->listen_to(cancel);
        cancel->when_requested([weak = weak_from_this(), weak_entry = std::weak_ptr(e)] {
            const auto self = weak.lock();
            if (const auto gone = weak_entry.lock(); self && gone)
                self->give_up(gone, cancelled());
        });
    }
    flush_soon();
}

// One turn later, so that everything that is started in this turn goes out together.
void link::flush_soon() {
    if (state_ != state::ready || writing_ || outbox_.empty() || std::exchange(flush_pending_, true))
        return;
    asio::post(loop_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->flush_pending_ = false;
            self->flush();
        }
    });
}

void link::flush() {
    constexpr std::size_t enough =
        std::size_t{256} * 1024; // for one write; what is still here can still be cancelled
    if (writing_ || !codec_ || (state_ != state::ready && state_ != state::login))
        return;
    while (!outbox_.empty() && codec_->output().size() < enough) {
        const entry_ptr e = outbox_.front();
        if (state_ == state::login && !e->login)
            break;
        if (!codec_->push(e->what, *e))
            return lose(failure(make_error_code(boost::system::errc::not_enough_memory)));
        if (!e->login)
            session_.sent(e->what);
        e->sent = true;
        in_flight_.splice(in_flight_.end(), outbox_, e->place);
    }
    if (!codec_->output().empty())
        write();
}

void link::write() {
    writing_ = true;
    const auto out = codec_->output();
    asio::async_write(
        socket_, asio::buffer(out.data(), out.size()),
        [self = shared_from_this()](error_code code, std::size_t) {
            if (self->state_ == state::lost)
                return;
            if (code) {
                // What the server said before it closed the connection tells more; the reader will find it
                if (code != asio::error::broken_pipe && code != asio::error::connection_reset)
                    self->lose(failure(code).in(phase::send));
                return;
            }
            self->writing_ = false;
            self->codec_->sent();
            self->flush();
        }
    );
}

void link::read() {
    socket_.async_read_some(
        asio::buffer(input_),
        [self = shared_from_this()](error_code code, std::size_t size) {
            if (self->state_ == state::lost)
                return;
            failure why;
            if (code)
                why = failure(code).because(
                    code == asio::error::eof ? "the server closed the connection" : std::string()
                );
            else
                why = self->codec_->feed({self->input_.data(), size});
            if (why.code() == oneloop::errc::too_large)
                why.limit("max_reply " + in_words(self->options_->max_reply_));
            if (why.code())
                return self->lose(std::move(why));
            self->flush_soon();
            self->told_if_drained();
            self->read();
        }
    );
}

// From inside of the codec: only notes and posts.
void link::replied(entry& which, value v) noexcept {
    const entry_ptr e = *which.place;
    in_flight_.erase(e->place);
    if (e->login)
        return login_answered(*e, std::move(v));
    --pending_;
    pending_bytes_ -= e->what.bytes();
    deadline_timer::forget(*e);
    ++answered_;
    if (v.what() == value::kind::error)
        session_.refused(e->what, code_of(v.text()));
    const auto who = std::move(e->who);
    if (!who)
        --abandoned_;
    settle(loop_, who, std::move(v), e->what);
}

// The caller goes: cancelled, or out of time.
void link::give_up(const entry_ptr& e, failure why) {
    const auto who = std::move(e->who);
    if (!who)
        return;
    if (!e->sent) {
        why.in(state_ == state::ready ? phase::queue : phase::connect);
        who->fail(tell(std::move(why), *e));
        deadline_timer::forget(*e);
        leave_outbox(*e);
        return told_if_drained();
    }
    const bool coming = !in_flight_.empty() && in_flight_.front() == e && codec_->midway();
    why.in(coming ? phase::receive : phase::first_byte).ended(coming ? outcome::answered : outcome::in_doubt);
    who->fail(tell(std::move(why), *e));
    if (++abandoned_ > options_->max_abandoned_)
        return lose(failure(oneloop::errc::timed_out)
                        .limit("max_abandoned " + std::to_string(options_->max_abandoned_))
                        .because("the server has not answered too many commands in time"));
    deadline_timer::forget(*e);
    deadlines_->watch(*e, deadline::in(options_->max_abandoned_age_));
}

void link::leave_outbox(entry& e) {
    --pending_;
    pending_bytes_ -= e.what.bytes();
    outbox_.erase(e.place);
}

deadline link::overdue(deadline_timer::entry& which) {
    if (&which == &connecting_) {
        lose(failure(oneloop::errc::timed_out)
                 .in(phase::auth)
                 .limit("connect_timeout " + in_words(options_->connect_timeout_)));
        return deadline::never();
    }
    const entry_ptr e = *static_cast<entry&>(which).place;
    if (!e->who) {
        lose(failure(oneloop::errc::timed_out)
                 .in(phase::first_byte)
                 .limit("max_abandoned_age " + in_words(options_->max_abandoned_age_))
                 .because("the server has not answered " + shown(e->what)));
        return deadline::never();
    }
    give_up(
        e, failure(oneloop::errc::timed_out).limit("command_timeout " + in_words(options_->command_timeout_))
    );
    return deadline::never(); // give_up() watches what is left of it
}

} // namespace oneloop::redis
