#include "core/resolver_engine.hpp"

#include "core/host_name.hpp"
#include "core/words.hpp"

#include <algorithm>

namespace oneloop::detail {
namespace {

using std::chrono::milliseconds;

// How long c-ares waits for one server before it asks the next: such that two rounds over three servers, the
// second of them with twice the time, end within the resolver's own limit.
milliseconds patience(const resolver_options& options) {
    const auto rounds = static_cast<long>(std::max<std::size_t>(3, options.servers().size())) * 3 + 1;
    const auto share = std::chrono::duration_cast<milliseconds>(options.timeout()) / rounds;
    return std::clamp(share, milliseconds(10), milliseconds(2'000));
}

failure no_answer(error_code code) {
    return std::move(failure(code).because(dns_reason(code)));
}

} // namespace

void name_waiter::fail(failure why) {
    if (!waits())
        return; // its story may be gone too
    if (why.phase() == phase::none)
        why.in(phase::resolve);
    take().fail(std::move(why.doing("resolve " + printable_host_name(name_))));
}

resolver_engine::resolver_engine(executor loop, resolver_options options)
    : loop_(std::move(loop)),
      options_(std::move(options)),
      registry_(pending_registry::of(loop_)),
      cache_(options_.max_cached_names()) {}

void resolver_engine::enter(const std::shared_ptr<name_waiter>& w) {
    if (!w->waits())
        return; // cancelled on its way from another thread
    if (closed_)
        return w->fail(errc::closed);
    error_code no_address;
    if (const auto literal = boost::asio::ip::make_address(w->name(), no_address); !no_address)
        return w->succeed({literal});
    if (const char* reason = refuse_host_name(w->name()))
        return w->fail(failure(errc::invalid_argument).because(reason));
    std::string name = normal_host_name(w->name());
    if (const auto* known = cache_.find(name, deadline::clock::now())) {
        ++hits_;
        if (known->why)
            return w->fail(no_answer(known->why));
        return w->succeed(known->addresses);
    }
    look_up(std::move(name), w);
}

void resolver_engine::look_up(std::string name, const std::shared_ptr<name_waiter>& w) {
    if (const auto found = lookups_.find(name); found != lookups_.end()) {
        const lookup_ptr known = found->second;
        join(*known, w);
        if (std::exchange(known->overdue, false)) {
            --overdue_;
            start_timer(known);
        }
        return;
    }
    if (lookups_.size() >= options_.max_in_flight())
        return w->fail(failure(errc::queue_full)
                           .in(phase::queue)
                           .limit("max_in_flight " + std::to_string(options_.max_in_flight())));
    const auto fresh = std::make_shared<name_lookup>(loop_, name);
    lookups_.emplace(std::move(name), fresh);
    join(*fresh, w);
    start_timer(fresh);
    ask(*fresh);
}

void resolver_engine::join(name_lookup& l, const std::shared_ptr<name_waiter>& w) {
    w->lookup = &l;
    w->place = l.waiters.insert(l.waiters.end(), w);
}

void resolver_engine::leave(name_waiter& w) {
    std::shared_ptr<name_waiter> alive;
    if (w.lookup) {
        alive = *w.place;
        w.lookup->waiters.erase(w.place);
        w.lookup = nullptr;
    }
    w.fail(cancelled());
}

void resolver_engine::start_timer(const lookup_ptr& l) {
    const auto limit = std::max<resolver_options::duration>(options_.timeout(), milliseconds(1));
    l->timer.expires_at(deadline::in(limit));
    l->timer.async_wait([engine = weak_from_this(), lookup = std::weak_ptr(l)](error_code stopped) {
        const auto self = engine.lock();
        const auto late = lookup.lock();
        if (!stopped && self && late)
            self->expire(*late);
    });
}

void resolver_engine::ask(name_lookup& l) {
    const std::string name = l.name; // the answer may come, and end the look-up, before ask() returns
    try {
        if (!channel_)
            channel_ = std::make_shared<ares_channel>(
                loop_, ares_channel::settings{options_.servers(), patience(options_)},
                [this](const std::string& answered_name, dns_answer answer) {
                    answered(answered_name, std::move(answer));
                }
            );
    } catch (const boost::system::system_error& e) {
        const auto failed = take(name);
        for (const auto& w : failed->waiters) {
            w->lookup = nullptr;
            w->fail(failure(e.code()).because(e.what()));
        }
        return;
    }
    ++queries_;
    channel_->ask(name);
}

void resolver_engine::expire(name_lookup& l) {
    l.overdue = true;
    ++overdue_;
    for (const auto& w : std::exchange(l.waiters, {})) {
        w->lookup = nullptr;
        w->fail(failure(errc::timed_out)
                    .limit("resolver timeout " + in_words(options_.timeout()))
                    .because("no DNS server answered in time"));
    }
    rest_if_overdue();
}

void resolver_engine::answered(const std::string& name, dns_answer answer) {
    const auto found = lookups_.find(name);
    if (found == lookups_.end())
        return;
    if (answer.gave_up && !found->second->overdue)
        return ask(*found->second); // not before our own limit
    const auto ended = take(name);
    if (!answer.code || answer.no_such_name) {
        const auto ttl = answer.code ? options_.negative_ttl() : std::min(answer.ttl, options_.max_ttl());
        cache_.put(name, {answer.code, answer.addresses}, ttl, deadline::clock::now());
    }
    for (const auto& w : ended->waiters) {
        w->lookup = nullptr;
        if (answer.code)
            w->fail(no_answer(answer.code));
        else
            w->succeed(answer.addresses);
    }
    rest_if_overdue();
}

resolver_engine::lookup_ptr resolver_engine::take(const std::string& name) {
    auto ended = std::move(lookups_.extract(name).mapped());
    ended->timer.cancel();
    if (ended->overdue)
        --overdue_;
    return ended;
}

// c-ares cannot drop one question. When nobody is waited for any more it drops all, and the loop is free to
// end.
void resolver_engine::rest_if_overdue() {
    if (overdue_ != 0 && overdue_ == lookups_.size())
        channel_->cancel();
}

void resolver_engine::close() {
    closed_ = true;
    channel_.reset();
    cache_.clear();
    overdue_ = 0;
    for (const auto& [name, l] : std::exchange(lookups_, {}))
        for (const auto& w : l->waiters) {
            w->lookup = nullptr;
            w->fail(errc::closed);
        }
}

resolver::statistics resolver_engine::stats() const noexcept {
    return {cache_.size(), lookups_.size(), queries_, hits_};
}

} // namespace oneloop::detail
