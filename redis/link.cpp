#include "redis/link.hpp"

#include "core/words.hpp"
#include "redis/settle.hpp"
#include <oneloop/redis/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <utility>

namespace oneloop::redis {

namespace asio = boost::asio;
using clock = deadline::clock;

namespace {

// A PING may also be refused by a server on which other commands work: for want of rights, for a full disk,
// because it has another name there.
bool keeps_out(const request& what, std::string_view error) {
    const error_code code = code_of(error);
    return what.name() != "PING" || code == errc::no_auth || code == errc::loading ||
           code == errc::too_many_clients || (code == errc::other && !error.starts_with("ERR "));
}

} // namespace

/// One command: its caller, or nobody any more, or the login.
class link::entry final : public reply_taker {
public:
    entry(link& l, request r) : owner(l), what(std::move(r)) {}

    void take(value v) noexcept override { owner.replied(*this, std::move(v)); }
    void lost() noexcept override {} // the link tells everybody itself

    link& owner;
    request what;
    std::shared_ptr<detail::value_operation> who;
    bool login = false, sent = false;
    entry_list::iterator place;
};

server_address link::address_in(const options& o) {
    server_address where;
    where.host = o.host_;
    where.port = o.port_;
    where.path = o.path_;
    return where;
}

link::link(executor loop, std::shared_ptr<const options> o, std::shared_ptr<resolver> names, usage how)
    : loop_(std::move(loop)),
      options_(std::move(o)),
      resolver_(std::move(names)),
      usage_(how),
      where_(address_in(*options_).shown()),
      socket_(loop_),
      deadlines_(std::in_place, loop_, [this](void* key) { return overdue(key); }) {}

link::~link() {
    shut_down();
}

// --- the way up ---

void link::open(told done) {
    opened_ = std::move(done);
    state_ = state::dialling;
    dial_ = std::make_shared<dial>(loop_, resolver_, address_in(*options_));
    connected_by_ = deadline::in(options_->connect_timeout_);
    dial_->start(connected_by_, [weak = weak_from_this()](failure why, dial::socket socket) {
        if (const auto self = weak.lock())
            self->dialled(std::move(why), std::move(socket));
    });
}

void link::dialled(failure why, dial::socket socket) {
    dial_.reset();
    if (state_ != state::dialling)
        return;
    if (why.code()) {
        if (why.code() == oneloop::errc::timed_out)
            why.limit("connect_timeout " + in_words(options_->connect_timeout_));
        return lose(std::move(why));
    }
    if (connected_by_.passed(clock::now())) // no time was given at all
        return lose(
            failure(oneloop::errc::timed_out).limit("connect_timeout " + in_words(options_->connect_timeout_))
        );
    socket_ = std::move(socket);
    codec_.emplace(options_->max_reply_);
    state_ = state::login;
    deadlines_->watch(this, connected_by_);
    log_in();
    read();
}

// All at once; the answers come in this order. The PING is there to hear of a server that lets nobody in.
void link::log_in() {
    auto send = [this](request what) {
        auto e = std::make_shared<entry>(*this, std::move(what));
        e->login = true;
        e->place = outbox_.insert(outbox_.begin(), e); // in front of whoever waits for the connection
        ++logins_owed_;
    };
    send(request("PING"));
    if (options_->database_ != 0)
        send(request("SELECT").arg(options_->database_));
    if (!options_->user_.empty())
        send(request("AUTH").args(options_->user_, options_->password_));
    else if (!options_->password_.empty())
        send(request("AUTH").arg(options_->password_));
    flush();
}

void link::login_answered(const entry& e, value v) {
    if (state_ != state::login)
        return;
    failure why;
    if (v.what() != value::kind::error && v.text() != (e.what.name() == "PING" ? "PONG" : "OK"))
        why = failure(oneloop::errc::protocol_violation)
                  .because("the server answered the login with " + v.description() + "; is it Redis?");
    else if (v.what() == value::kind::error && keeps_out(e.what, v.text()))
        why = failure(code_of(v.text())).because(shown_error(v.text()));
    if (why.code()) {
        // Not from inside of the codec
        return asio::post(loop_, [weak = weak_from_this(), why = std::move(why)] {
            if (const auto self = weak.lock())
                self->lose(why);
        });
    }
    if (--logins_owed_ > 0)
        return;
    state_ = state::ready;
    deadlines_->forget(this);
    flush_soon();
    if (const auto told_open = std::exchange(opened_, nullptr))
        asio::post(loop_, [self = shared_from_this(), told_open] { told_open({}); });
}

// --- commands ---

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
    deadlines_->watch(e.get(), deadline::in(options_->command_timeout_));
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
    constexpr std::size_t enough = 256 * 1024; // for one write; what is still here can still be cancelled
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
    deadlines_->forget(e.get());
    ++answered_;
    if (v.what() == value::kind::error)
        session_.refused(e->what, code_of(v.text()));
    const auto who = std::move(e->who);
    if (!who)
        --abandoned_;
    settle(loop_, who, std::move(v), e->what);
}

// --- the ways out ---

// The caller goes: cancelled, or out of time.
void link::give_up(const entry_ptr& e, failure why) {
    const auto who = std::move(e->who);
    if (!who)
        return;
    if (!e->sent) {
        why.in(state_ == state::ready ? phase::queue : phase::connect);
        who->fail(tell(std::move(why), *e));
        deadlines_->forget(e.get());
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
    deadlines_->forget(e.get());
    deadlines_->watch(e.get(), deadline::in(options_->max_abandoned_age_));
}

void link::leave_outbox(entry& e) {
    --pending_;
    pending_bytes_ -= e.what.bytes();
    outbox_.erase(e.place);
}

deadline link::overdue(void* key) {
    if (key == this) {
        lose(failure(oneloop::errc::timed_out)
                 .in(phase::auth)
                 .limit("connect_timeout " + in_words(options_->connect_timeout_)));
        return deadline::never();
    }
    const entry_ptr e = *static_cast<entry*>(key)->place;
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

// The one end of a connection, whatever has happened: everybody is told, everything is given back.
void link::lose(failure why) {
    if (state_ == state::lost)
        return;
    const bool was_up = state_ == state::ready;
    if (why.phase() == phase::none)
        why.in(state_ == state::login ? phase::auth : was_up ? phase::receive : phase::connect);
    state_ = state::lost;
    why_lost_ = why;
    if (dial_)
        dial_->hang_up();
    dial_.reset();
    error_code ignored;
    socket_.close(ignored);
    auto sent = std::move(in_flight_), unsent = std::move(outbox_);
    in_flight_.clear();
    outbox_.clear();
    const bool midway = codec_ && codec_->midway();
    codec_.reset();
    deadlines_->rest();
    for (const auto* list : {&sent, &unsent})
        for (const entry_ptr& e : *list)
            deadlines_->forget(e.get());
    deadlines_->forget(this);
    pending_ = pending_bytes_ = abandoned_ = 0;
    const auto told_open = std::exchange(opened_, nullptr), told_closed = std::exchange(closed_, nullptr);
    if (told_open || told_closed)
        // Later: whoever is told may let go of this link, and below us on the stack may be its own timer. But
        // before the commands' callers: one who tries again at once shall find the owner knowing.
        asio::post(loop_, [self = shared_from_this(), told_open, told_closed, why] {
            if (told_open)
                told_open(failure(why).doing("connecting to Redis at " + self->where_));
            if (told_closed)
                told_closed({});
        });
    for (const entry_ptr& e : sent)
        fail(*e, why, midway && e == sent.front() ? outcome::answered : outcome::in_doubt);
    for (const entry_ptr& e : unsent)
        fail(*e, why, outcome::not_sent);
}

void link::fail(entry& e, failure why, outcome how) {
    if (const auto who = std::move(e.who))
        who->fail(tell(std::move(why.ended(how)), e));
}

failure link::tell(failure why, const entry& e) const {
    return why.doing(shown(e.what) + " at " + where_);
}

void link::shut_down() noexcept {
    opened_ = closed_ = nullptr;
    lose(failure(oneloop::errc::closed));
    resolver_.reset();
    deadlines_.reset();
}

void link::close(told done) {
    if (state_ == state::lost)
        return done({});
    closed_ = std::move(done);
    told_if_drained();
}

// Each command has its deadline, so this comes.
void link::told_if_drained() {
    if (closed_ && outbox_.empty() && in_flight_.empty())
        lose(failure(oneloop::errc::closed));
}

void link::restore(told done) {
    // What SELECT, CLIENT … have changed cannot be told from outside; such a connection is not used again
    done(session_.pristine() ? failure() : failure(oneloop::errc::closed).because("its session was changed"));
}

bool link::sound() noexcept {
    if (state_ != state::ready || closed_ || writing_ || !outbox_.empty() || !in_flight_.empty() ||
        codec_->midway() || codec_->suspicious())
        return false;
    char byte = 0;
    const auto seen = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

} // namespace oneloop::redis
