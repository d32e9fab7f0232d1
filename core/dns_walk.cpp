#include "core/dns_walk.hpp"

#include <algorithm>

namespace oneloop {
namespace {

using time_to_live = std::optional<std::chrono::steady_clock::duration>;

// One that is not known does not count.
time_to_live shorter(const time_to_live& a, const time_to_live& b) {
    if (!a || !b)
        return a ? a : b;
    return std::min(*a, *b);
}

// Two that say no: that the name exists counts for more, as some servers deny a name only because they do not
// know IPv6.
void add_negative(dns_answer& to, const dns_answer& more) {
    if (!to.code || more.no_address)
        to.code = more.code;
    to.ttl = shorter(to.ttl, more.ttl);
    to.no_address = to.no_address || more.no_address;
    to.no_such_name = !to.no_address;
}

} // namespace

dns_walk::dns_walk(std::vector<std::string> names, bool ipv4, bool ipv6)
    : names_(std::move(names)), parts_{part{dns_type::ipv4, {}, {}}, part{dns_type::ipv6, {}, {}}} {
    parts_[0].now = ipv4 ? state::to_ask : state::unwanted;
    parts_[1].now = ipv6 ? state::to_ask : state::unwanted;
}

std::vector<dns_walk::question> dns_walk::take_questions() {
    std::vector<question> out;
    for (part& p : parts_)
        if (p.now == state::to_ask && !done()) {
            p.now = state::asked;
            out.push_back({round_, names_[round_], p.type});
        }
    return out;
}

void dns_walk::answered(std::size_t round, dns_type type, dns_answer what) {
    part& p = parts_[type == dns_type::ipv4 ? 0 : 1];
    if (done() || round != round_ || p.now != state::asked)
        return;
    if (what.gave_up) {
        p.now = state::to_ask;
        return;
    }
    p.now = state::answered;
    p.said = std::move(what);
    judge();
}

bool dns_walk::is_half() const noexcept {
    const auto& [v4, v6] = parts_;
    return (open(v4) && !v6.said.addresses.empty()) || (open(v6) && !v4.said.addresses.empty());
}

void dns_walk::judge() {
    // "No such name" of the family that every server knows is the last word
    const bool denied = parts_[0].now == state::answered && parts_[0].said.no_such_name;
    if (!denied && std::ranges::any_of(parts_, [this](const part& p) { return open(p); }))
        return;
    const bool all_negative = std::ranges::all_of(parts_, [denied](const part& p) {
        return p.now != state::answered ? denied || p.now == state::unwanted : p.said.negative();
    });
    const bool has_address =
        std::ranges::any_of(parts_, [](const part& p) { return !p.said.addresses.empty(); });
    if ((all_negative || (denied && !has_address)) && round_ + 1 < names_.size())
        return next_name();
    done_ = true;
}

void dns_walk::next_name() {
    for (part& p : parts_) {
        if (p.now == state::answered && p.said.negative())
            add_negative(negative_, p.said);
        p.said = {};
        if (p.now != state::unwanted)
            p.now = state::to_ask;
    }
    ++round_;
}

dns_answer dns_walk::answer() const {
    dns_answer out;
    const dns_answer* failed = nullptr;
    dns_answer no = negative_;
    for (const part& p : parts_) {
        out.addresses.insert(out.addresses.end(), p.said.addresses.begin(), p.said.addresses.end());
        if (!p.said.addresses.empty())
            out.ttl = shorter(out.ttl, p.said.ttl);
        else if (p.now == state::answered && p.said.negative())
            add_negative(no, p.said);
        else if (p.now == state::answered)
            failed = &p.said;
        out.incomplete = out.incomplete || open(p);
    }
    if (!out.addresses.empty()) {
        out.incomplete = out.incomplete || failed;
        out.ttl = shorter(out.ttl, negative_.ttl); // as long as the names before do not exist
        return out;
    }
    const bool denied = parts_[0].now == state::answered && parts_[0].said.no_such_name;
    if (failed && !denied)
        return *failed;
    return no;
}

} // namespace oneloop
