#include "tests/support/dns_wire_format.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cctype>

namespace oneloop::testing {
namespace {

namespace ip = boost::asio::ip;
using bytes = std::string;

constexpr int type_cname = 5, type_soa = 6;

void put16(bytes& to, unsigned value) {
    to.push_back(static_cast<char>(value >> 8));
    to.push_back(static_cast<char>(value));
}

void put32(bytes& to, std::uint32_t value) {
    put16(to, value >> 16);
    put16(to, value & 0xffff);
}

bytes encoded_name(const std::string& name) {
    bytes out;
    for (std::size_t begin = 0; begin < name.size();) {
        const auto end = std::min(name.find('.', begin), name.size());
        out.push_back(static_cast<char>(end - begin));
        out.append(name, begin, end - begin);
        begin = end + 1;
    }
    return out.push_back('\0'), out;
}

void put_record(bytes& to, const std::string& owner, int type, std::uint32_t ttl, const bytes& data) {
    to += encoded_name(owner);
    put16(to, static_cast<unsigned>(type));
    put16(to, 1);
    put32(to, ttl);
    put16(to, static_cast<unsigned>(data.size()));
    to += data;
}

template <class Bytes>
bytes as_string(const Bytes& from) {
    return bytes(from.begin(), from.end());
}

// Zone, contact, five numbers: only the last one, the "minimum", matters to who caches that there is nothing.
bytes soa_data(std::uint32_t minimum) {
    bytes out = encoded_name("ns.test") + encoded_name("root.test");
    for (std::uint32_t n : {1U, 3600U, 600U, 86400U, minimum})
        put32(out, n);
    return out;
}

bytes authority(const dns_reply& reply) {
    bytes out;
    if (reply.soa_)
        put_record(out, "test", type_soa, reply.soa_->first, soa_data(reply.soa_->second));
    return out;
}

bytes header(const dns_question& q, unsigned flags, unsigned answers, unsigned authorities) {
    bytes out = q.id;
    put16(out, 0x8180U | flags);
    put16(out, 1);
    put16(out, answers);
    put16(out, authorities);
    put16(out, 0);
    out += encoded_name(q.name);
    put16(out, static_cast<unsigned>(q.type));
    put16(out, 1);
    return out;
}

bytes address_data(const ip::address& a) {
    return a.is_v4() ? as_string(a.to_v4().to_bytes()) : as_string(a.to_v6().to_bytes());
}

} // namespace

std::optional<dns_question> parse_dns_question(const bytes& packet) {
    if (packet.size() < 17)
        return {};
    dns_question q{packet.substr(0, 2), {}, 0};
    std::size_t at = 12;
    while (at < packet.size() && packet[at] != 0) {
        const auto length = static_cast<unsigned char>(packet[at]);
        q.name.append(q.name.empty() ? "" : ".").append(packet, at + 1, length);
        at += length + 1U;
    }
    if (at + 5 > packet.size())
        return {};
    for (char& c : q.name)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    q.type = static_cast<unsigned char>(packet[at + 2]);
    return q;
}

bytes encode(const dns_question& q, const dns_reply& reply) {
    bytes records;
    unsigned count = 0;
    std::string owner = q.name;
    for (const auto& [target, ttl] : reply.aliases_) {
        put_record(records, owner, type_cname, ttl, encoded_name(target));
        owner = target;
        ++count;
    }
    auto add = [&](const std::string& whose, const dns_reply::record& r) {
        const auto address = ip::make_address(r.value);
        if (address.is_v4() != (q.type == type_a))
            return;
        put_record(records, whose, q.type, r.ttl, address_data(address));
        ++count;
    };
    for (const auto& r : reply.addresses_)
        add(owner, r);
    for (const auto& [whose, r] : reply.strays_)
        add(whose, r);
    const int code = q.type == type_aaaa && reply.ipv6_code_ ? *reply.ipv6_code_ : reply.code_;
    if (code != 0)
        return header(q, static_cast<unsigned>(code), 0, reply.soa_ ? 1 : 0) + authority(reply);
    const bool no_data = reply.soa_ && count == 0;
    return header(q, 0, count, no_data ? 1 : 0) + records + (no_data ? authority(reply) : "");
}

bytes encode_truncated(const dns_question& q) {
    return header(q, 0x0200, 0, 0);
}

bytes encode_lie(dns_question q, dns_lie how) {
    if (how == dns_lie::garbage)
        return q.id + bytes(40, '\xff');
    if (how == dns_lie::wrong_id)
        q.id[0] = static_cast<char>(q.id[0] ^ 0x55);
    if (how == dns_lie::wrong_question)
        q.name = "lie." + q.name;
    const bytes whole = encode(q, dns_reply().address("192.0.2.66", 300).address("2001:db8::66", 300));
    return how == dns_lie::cut_short ? whole.substr(0, 11) : whole;
}

} // namespace oneloop::testing
