#include "core/let_go.hpp"
#include "core/words.hpp"
#include "redis/link_entry.hpp"
#include <oneloop/redis/error.hpp>

#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <utility>

// A link's life around its commands: how it comes up, and its one end.

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
      deadlines_(std::in_place, loop_, [this](deadline_timer::entry& which) { return overdue(which); }) {}

link::~link() {
    shut_down();
}

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
    deadlines_->watch(connecting_, connected_by_);
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
    deadline_timer::forget(connecting_);
    flush_soon();
    if (const auto told_open = std::exchange(opened_, nullptr))
        asio::post(loop_, [self = shared_from_this(), told_open] { told_open({}); });
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
    let_go(socket_);
    auto sent = std::move(in_flight_), unsent = std::move(outbox_);
    in_flight_.clear();
    outbox_.clear();
    const bool midway = codec_ && codec_->midway();
    codec_.reset();
    deadlines_->rest();
    for (const auto* list : {&sent, &unsent})
        for (const entry_ptr& e : *list)
            deadline_timer::forget(*e);
    deadline_timer::forget(connecting_);
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
