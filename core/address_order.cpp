#include "core/address_order.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

namespace oneloop {
namespace {

namespace ip = boost::asio::ip;
using bytes16 = ip::address_v6::bytes_type;

bytes16 as_ipv6(const ip::address& a) {
    return a.is_v6() ? a.to_v6().to_bytes() : ip::make_address_v6(ip::v4_mapped, a.to_v4()).to_bytes();
}

// How many of the first bits are the same.
int common_prefix(const bytes16& a, const bytes16& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (const auto different = static_cast<unsigned char>(a[i] ^ b[i]))
            return static_cast<int>(i) * 8 + std::countl_zero(different);
    return 128;
}

struct policy {
    const char* prefix;
    int bits, precedence, label;
};

// RFC 6724, 2.1; the longest prefix that fits counts, so longer ones come first.
constexpr std::array<policy, 9> policies{
    {{"::1", 128, 50, 0},
     {"::ffff:0:0", 96, 35, 4},
     {"::", 96, 1, 3},
     {"2001::", 32, 5, 5},
     {"2002::", 16, 30, 2},
     {"3ffe::", 16, 1, 12},
     {"fec0::", 10, 1, 11},
     {"fc00::", 7, 3, 13},
     {"::", 0, 40, 1}}};

const policy& policy_of(const bytes16& a) {
    static const auto prefixes = [] {
        std::array<bytes16, policies.size()> out;
        std::ranges::transform(policies, out.begin(), [](const policy& p) {
            return ip::make_address_v6(p.prefix).to_bytes();
        });
        return out;
    }();
    std::size_t i = 0;
    while (common_prefix(a, prefixes[i]) < policies[i].bits)
        ++i;
    return policies[i];
}

constexpr int link_local = 2, site_local = 5, global = 14;

int scope_of(const ip::address& a) {
    if (a.is_v4()) {
        const auto n = a.to_v4().to_uint();
        return n >> 24 == 127 || n >> 16 == 0xa9fe ? link_local : global;
    }
    const auto v6 = a.to_v6();
    if (v6.is_multicast())
        return v6.to_bytes()[1] & 0xf;
    if (v6.is_loopback() || v6.is_link_local())
        return link_local;
    return v6.is_site_local() ? site_local : global;
}

// What the rules look at, the better the smaller: (1) reachable, (2) the same scope, (5) the same label,
// (6) precedence, (8) the smaller scope, (9) the longer common prefix, which makes sense for IPv6 only. Rules
// 3, 4 and 7 are about addresses of this machine that we cannot see into.
class rank {
public:
    explicit rank(const destination& d) {
        const bytes16 to = as_ipv6(d.address);
        precedence = -policy_of(to).precedence;
        scope = scope_of(d.address);
        if (!d.source)
            return;
        const bytes16 from = as_ipv6(*d.source);
        unreachable = false;
        other_scope = scope_of(*d.source) != scope;
        other_label = policy_of(from).label != policy_of(to).label;
        if (d.address.is_v6())
            prefix = -std::min(common_prefix(to, from), 64);
    }

    bool better_than(const rank& other) const {
        if (unreachable != other.unreachable)
            return other.unreachable;
        if (other_scope != other.other_scope)
            return other.other_scope;
        if (other_label != other.other_label)
            return other.other_label;
        if (precedence != other.precedence)
            return precedence < other.precedence;
        if (scope != other.scope)
            return scope < other.scope;
        return prefix < other.prefix;
    }

private:
    bool unreachable = true, other_scope = true, other_label = true;
    int precedence = 0, scope = 0, prefix = 0;
};

std::vector<ip::address> family_first(const std::vector<ip::address>& list, bool v4) {
    std::vector<ip::address> out;
    out.reserve(list.size());
    for (const bool wanted : {v4, !v4})
        std::ranges::copy_if(list, std::back_inserter(out), [&](const auto& a) {
            return a.is_v4() == wanted;
        });
    return out;
}

} // namespace

void sort_destinations(std::vector<destination>& list) {
    struct place {
        rank worth;
        std::size_t before; // the sort; equals keep their order
    };
    std::vector<place> places;
    places.reserve(list.size());
    for (const auto& d : list)
        places.push_back({rank(d), places.size()});
    // Not std::stable_sort: in libstdc++ 12 it calls what is deprecated, and clang says so.
    std::ranges::sort(places, [](const place& a, const place& b) {
        if (a.worth.better_than(b.worth))
            return true;
        return !b.worth.better_than(a.worth) && a.before < b.before;
    });
    std::vector<destination> sorted;
    sorted.reserve(list.size());
    for (const auto& p : places)
        sorted.push_back(list[p.before]);
    list = std::move(sorted);
}

std::vector<ip::address> in_order(
    std::vector<ip::address> list, address_order how,
    std::optional<ip::address> (*source_of)(const ip::address&)
) {
    const auto is_v4 = [](const ip::address& a) { return a.is_v4(); };
    const auto is_v6 = [](const ip::address& a) { return a.is_v6(); };
    switch (how) {
        case address_order::ipv4_only:
            std::erase_if(list, is_v6);
            break;
        case address_order::ipv6_only:
            std::erase_if(list, is_v4);
            break;
        case address_order::ipv4_first:
            return family_first(list, true);
        case address_order::ipv6_first:
            return family_first(list, false);
        case address_order::system:
            if (list.size() < 2)
                break;
            std::vector<destination> ways;
            ways.reserve(list.size());
            for (const auto& address : list)
                ways.push_back({address, source_of(address)});
            sort_destinations(ways);
            std::ranges::transform(ways, list.begin(), &destination::address);
    }
    return list;
}

} // namespace oneloop
