// The way of one question: what is known is told at once, what is asked for already is joined, and what is
// left becomes a look-up (resolver_lookup.cpp).

#include "core/resolver_engine.hpp"

#include "core/host_name.hpp"
#include "core/known_names.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace oneloop::detail {
namespace {

int family_of(address_order order) {
    if (order == address_order::ipv4_only)
        return AF_INET;
    return order == address_order::ipv6_only ? AF_INET6 : AF_UNSPEC;
}

failure no_room(const std::string& limit) {
    return std::move(failure(errc::queue_full).in(phase::queue).limit(limit));
}

} // namespace

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
    if (auto known = overridden(normal_host_name(w->name()), options_)) {
        known->addresses = ordered(std::move(known->addresses));
        ++counts_.local;
        return w->tell(*known);
    }
    set_up();
    if (system_ || files_->ready(deadline::clock::now()))
        return answer_or_ask(w);
    join(held_, w);
}

// At the first question, because a resolver may be made for a loop that never runs.
void resolver_engine::set_up() {
    if (system_ || files_)
        return;
    const auto weak = weak_from_this();
    if (options_.uses_getaddrinfo()) {
        auto told = [weak](const std::string& name, dns_answer answer) {
            if (const auto self = weak.lock())
                self->system_answered(name, std::move(answer));
        };
        system_ = std::make_shared<system_lookup>(
            loop_, options_.getaddrinfo_pool(), family_of(options_.order()), std::move(told)
        );
        return;
    }
    wire_ = std::make_shared<dns_wire>(loop_, options_.max_questions());
    files_ = std::make_shared<system_files>(loop_, options_.hosts_file(), options_.resolv_conf(), [weak] {
        if (const auto self = weak.lock())
            self->release_held();
    });
}

void resolver_engine::release_held() {
    for (const auto& w : waiting_list(held_))
        if (w->list == &held_) {
            part(*w);
            answer_or_ask(w);
        }
}

void resolver_engine::answer_or_ask(const std::shared_ptr<name_waiter>& w) {
    if (!system_)
        heed_conf();
    std::string name = normal_host_name(w->name());
    if (!answer_at_once(*w, name))
        look_up(std::move(name), w);
}

bool resolver_engine::answer_at_once(name_waiter& w, const std::string& name) {
    if (files_)
        if (auto known = known_locally(name, files_->hosts(), options_.order())) {
            known->addresses = ordered(std::move(known->addresses));
            ++counts_.local;
            return w.tell(*known), true;
        }
    const auto* known = cache_.find(name, deadline::clock::now());
    if (!known)
        return false;
    ++counts_.hits;
    counts_.negative_hits += known->why ? 1 : 0;
    dns_answer answer;
    answer.code = known->why;
    answer.addresses = known->addresses;
    return w.tell(answer), true;
}

// Another resolv.conf may be another network, where the same names mean other hosts.
void resolver_engine::heed_conf() {
    const std::size_t version = files_->conf_version();
    if (std::exchange(conf_version_, version) == version)
        return;
    cache_.clear();
    const bool own = !options_.servers().empty();
    const auto& servers = own ? options_.servers() : files_->conf().servers;
    wire_->use({servers, patience(servers.size()), !own && files_->conf().rotate, !own});
}

void resolver_engine::look_up(std::string name, const std::shared_ptr<name_waiter>& w) {
    const auto found = lookups_.find(name);
    if (found == lookups_.end() && lookups_.size() >= options_.max_in_flight()) {
        ++counts_.refused;
        return w->fail(no_room("max_in_flight " + std::to_string(options_.max_in_flight())));
    }
    if (found != lookups_.end()) {
        counts_.joined += join(found->second->waiters, w) ? 1 : 0;
        return;
    }
    const auto fresh = std::make_shared<name_lookup>(loop_, name);
    if (!join(fresh->waiters, w))
        return;
    lookups_.emplace(std::move(name), fresh);
    begin(fresh);
}

bool resolver_engine::join(waiting_list& list, const std::shared_ptr<name_waiter>& w) {
    if (waiting_ >= options_.max_waiting()) {
        ++counts_.refused;
        w->fail(no_room("max_waiting " + std::to_string(options_.max_waiting())));
        return false;
    }
    w->list = &list;
    w->place = list.insert(list.end(), w);
    ++waiting_;
    return true;
}

void resolver_engine::part(name_waiter& w) {
    if (const auto list = std::exchange(w.list, nullptr)) {
        list->erase(w.place);
        --waiting_;
    }
}

void resolver_engine::leave(name_waiter& w) {
    const auto alive = w.list ? *w.place : nullptr;
    part(w);
    w.fail(cancelled());
}

void resolver_engine::close() {
    closed_ = true;
    wire_.reset();
    files_.reset();
    if (system_)
        system_->stop();
    system_.reset();
    cache_.clear();
    auto orphans = std::exchange(held_, {});
    for (const auto& [name, l] : std::exchange(lookups_, {})) {
        l->over = true;
        l->timer.cancel();
        orphans.splice(orphans.end(), l->waiters);
    }
    waiting_ = 0;
    for (const auto& w : orphans) {
        w->list = nullptr;
        w->fail(errc::closed);
    }
}

resolver::statistics resolver_engine::stats() const noexcept {
    resolver::statistics s = counts_;
    s.cached = cache_.size();
    s.in_flight = lookups_.size();
    s.waiting = waiting_;
    s.on_the_wire = wire_ ? wire_->on_the_wire() : system_ ? system_->running() : 0;
    s.questions = wire_ ? wire_->sent() : system_ ? system_->calls() : 0;
    return s;
}

} // namespace oneloop::detail
