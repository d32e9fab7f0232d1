// The life of one look-up, from its first question until everybody who waits for it was told.

#include "core/address_order.hpp"
#include "core/name_search.hpp"
#include "core/resolver_engine.hpp"
#include "core/words.hpp"

#include <algorithm>

namespace oneloop::detail {

using std::chrono::milliseconds;

// How long c-ares waits for one server before it asks the next: such that three rounds over three servers end
// within the resolver's own limit. (1.34 takes 250 ms at least, and more where answers were slow before.)
milliseconds resolver_engine::patience(std::size_t servers) const {
    const auto rounds = static_cast<long>(std::max<std::size_t>(3, servers)) * 3 + 1;
    const auto share = std::chrono::duration_cast<milliseconds>(options_.timeout()) / rounds;
    return std::clamp(share, milliseconds(10), milliseconds(2'000));
}

void resolver_engine::begin(const lookup_ptr& l) {
    ++counts_.queries;
    l->until = deadline::in(std::max<resolver_options::duration>(options_.timeout(), milliseconds(1)));
    start_timer(l, l->until);
    if (system_)
        return system_->ask(l->name);
    const auto& conf = files_->conf();
    const auto& search = options_.search_domains() ? *options_.search_domains() : conf.search;
    const auto ndots = options_.ndots() == resolver_options::system_ndots ? conf.ndots : options_.ndots();
    l->walk.emplace(
        names_to_ask(l->name, search, ndots), options_.order() != address_order::ipv6_only,
        options_.order() != address_order::ipv4_only
    );
    advance(l);
}

void resolver_engine::advance(const lookup_ptr& l) {
    for (auto& q : l->walk->take_questions()) {
        auto answered = [engine = weak_from_this(), weak = std::weak_ptr(l), round = q.round,
                         type = q.type](dns_answer answer) {
            const auto self = engine.lock();
            const auto known = weak.lock();
            if (!self || !known || known->over)
                return;
            known->walk->answered(round, type, std::move(answer));
            self->advance(known);
        };
        wire_->ask(std::move(q.name), q.type, l, std::move(answered));
    }
    if (l->walk->done())
        return end(l, l->walk->answer());
    if (l->walk->is_half() && !std::exchange(l->half, true))
        start_timer(l, std::min(l->until, deadline::in(options_.family_wait())));
}

void resolver_engine::start_timer(const lookup_ptr& l, deadline at) {
    l->timer.expires_at(at);
    l->timer.async_wait([engine = weak_from_this(), weak = std::weak_ptr(l)](error_code stopped) {
        const auto self = engine.lock();
        const auto late = weak.lock();
        if (!stopped && self && late && !late->over)
            self->time_is_up(late);
    });
}

void resolver_engine::time_is_up(const lookup_ptr& l) {
    if (l->walk)
        l->walk->be_content();
    if (l->walk && l->walk->done())
        return end(l, l->walk->answer());
    ++counts_.timeouts;
    for (const auto& w : take_off(l))
        w->fail(failure(errc::timed_out)
                    .limit("resolver timeout " + in_words(options_.timeout()))
                    .because(system_ ? "getaddrinfo did not end in time" : "no DNS server answered in time"));
    rest_if_idle();
}

// What comes too late is remembered all the same: who asks again need not wait again.
void resolver_engine::system_answered(const std::string& name, dns_answer answer) {
    if (const auto found = lookups_.find(name); found != lookups_.end())
        return end(lookup_ptr(found->second), std::move(answer));
    answer.addresses = ordered(std::move(answer.addresses));
    remember(name, answer);
}

void resolver_engine::end(const lookup_ptr& l, dns_answer answer) {
    answer.addresses = ordered(std::move(answer.addresses));
    remember(l->name, answer);
    counts_.negative += answer.negative() ? 1 : 0;
    counts_.failures += answer.code && !answer.negative() ? 1 : 0;
    for (const auto& w : take_off(l))
        w->tell(answer);
    rest_if_idle();
}

waiting_list resolver_engine::take_off(const lookup_ptr& l) {
    l->over = true;
    l->timer.cancel();
    lookups_.erase(l->name);
    for (const auto& w : l->waiters)
        w->list = nullptr;
    waiting_ -= l->waiters.size();
    return std::exchange(l->waiters, {});
}

void resolver_engine::remember(const std::string& name, const dns_answer& answer) {
    using duration = resolver_options::duration;
    if (answer.code && !answer.negative())
        return;
    duration ttl{};
    if (!answer.code) {
        ttl = std::min(answer.ttl.value_or(system_ ? options_.system_ttl() : duration()), options_.max_ttl());
        if (answer.incomplete)
            ttl = std::min(ttl, options_.negative_ttl());
    } else if (options_.negative_ttl() > duration()) {
        ttl = std::min(answer.ttl.value_or(options_.negative_ttl()), options_.max_negative_ttl());
    }
    cache_.put(name, {answer.code, answer.addresses}, ttl, deadline::clock::now());
}

// c-ares cannot drop one question. When nobody is waited for any more it drops all, and the loop is free to
// end.
void resolver_engine::rest_if_idle() {
    if (lookups_.empty() && wire_ && wire_->on_the_wire() > 0)
        wire_->drop_all();
}

// getaddrinfo has its own idea of the system's order (gai.conf).
addresses resolver_engine::ordered(addresses list) const {
    if (system_ && options_.order() == address_order::system)
        return list;
    return in_order(std::move(list), options_.order(), &source_address_for);
}

} // namespace oneloop::detail
