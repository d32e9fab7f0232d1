#include "mysql/opening.hpp"

#include "core/words.hpp"
#include "mysql/option_check.hpp"
#include "mysql/verdict.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <system_error>

namespace oneloop::mysql {

namespace asio = boost::asio;

opening::opening(executor loop, options o, told done)
    : loop_(std::move(loop)), options_(std::move(o)), done_(std::move(done)) {}

void opening::start() {
    if (failure bad = check(options_); bad.code())
        return finish({}, std::move(bad));
    until_ = deadline::in(options_.connect_timeout());
    timer_.emplace(loop_);
    share_timer_.emplace(loop_);
    when(*timer_, until_, &opening::time_is_up);
    error_code is_name;
    asio::ip::make_address(options_.host(), is_name);
    if (options_.unix_socket().empty() && is_name)
        return look_up();
    hosts_ = {options_.host()};
    try_next();
}

// Also for a name that libmariadb will look up again, because a certificate is checked against it: while the
// DNS hangs, threads do not hang with it.
void opening::look_up() {
    where_ = phase::resolve;
    resolver_ = options_.resolve_with();
    if (!resolver_)
        resolver_ = std::make_shared<resolver>(loop_, resolver_options().timeout(options_.connect_timeout()));
    auto answered = [self = shared_from_this()](error_code code, std::vector<asio::ip::address> list) {
        self->resolved(code, std::move(list));
    };
    resolver_->resolve(
        options_.host(),
        with_failure(look_up_story_, asio::bind_cancellation_slot(stop_look_up_.slot(), std::move(answered)))
    );
}

void opening::resolved(error_code code, std::vector<asio::ip::address> list) {
    if (!done_)
        return;
    resolver_.reset();
    if (code)
        return finish({}, tell(look_up_story_.code() ? look_up_story_ : failure(code), phase::resolve));
    const bool by_name = options_.tls_wanted() && !options_.tls_wanted()->accepts_any_certificate();
    if (by_name)
        hosts_ = {options_.host()};
    else
        for (const auto& address : list)
            hosts_.push_back(address.to_string());
    try_next();
}

void opening::try_next() {
    where_ = phase::connect;
    const deadline until = share(hosts_.size() - next_);
    if (next_ + 1 < hosts_.size())
        when(*share_timer_, until, &opening::share_is_up);
    start_attempt(hosts_[next_++], until);
}

// One that answers nothing takes its share of the time, not all of it.
deadline opening::share(std::size_t left) const {
    const auto now = deadline::clock::now();
    if (left <= 1 || until_.is_never())
        return until_;
    return deadline::after(now, until_.remaining(now) / static_cast<int>(left));
}

void opening::start_attempt(std::string host, deadline until) {
    attempt_ = std::make_shared<attempt>(
        loop_, options_, std::move(host), until,
        [weak = weak_from_this()](login l) {
            if (auto self = weak.lock())
                self->ended(std::move(l));
        }
    );
    try {
        attempt::start(attempt_);
    } catch (const std::system_error& no_thread) {
        attempt_.reset();
        finish(
            {}, tell(
                    failure(error_code(no_thread.code().value(), boost::system::system_category())),
                    phase::connect
                )
        );
    }
}

void opening::ended(login l) {
    attempt_.reset();
    if (share_timer_)
        share_timer_->cancel();
    if (l.connected)
        return finish(std::move(l.connected), {});
    where_ = l.where;
    if (until_.passed(deadline::clock::now()))
        return time_is_up(); // the thread saw it first
    failure why = verdict(l.number, l.text).ended(outcome::not_sent);
    const phase where = phase_of_login(l.number, l.where);
    if (why == condition::network && where == phase::connect && next_ < hosts_.size())
        return try_next();
    finish({}, tell(std::move(why), where));
}

void opening::time_is_up() {
    finish(
        {},
        tell(
            failure(errc::timed_out).limit("connect_timeout " + in_words(options_.connect_timeout())), where()
        )
    );
}

void opening::share_is_up() {
    attempt_->give_up();
    attempt_.reset();
    try_next();
}

failure opening::tell(failure why, phase where) const {
    return why.in(where).doing(connecting_to(options_));
}

void opening::when(loop_timer& timer, deadline at, void (opening::*then)()) {
    timer.expires_at(at);
    timer.async_wait([weak = weak_from_this(), then](error_code stopped) {
        auto self = weak.lock();
        if (!stopped && self && self->done_)
            (*self.*then)();
    });
}

void opening::finish(handle h, failure why) {
    const auto keep = shared_from_this();
    auto done = std::move(done_);
    stop();
    done(std::move(h), std::move(why));
}

void opening::stop() noexcept {
    const auto dies_later = std::exchange(done_, nullptr);
    stop_look_up_.emit(asio::cancellation_type::all);
    if (attempt_)
        attempt_->give_up();
    attempt_.reset();
    timer_.reset();
    share_timer_.reset();
    resolver_.reset();
    options_.resolve_with(nullptr);
}

} // namespace oneloop::mysql
