#include <oneloop/error.hpp>
#include <oneloop/http/address_guard.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace oneloop::http {
namespace {

namespace ip = boost::asio::ip;

struct range_v4 {
    std::uint32_t network;
    int bits;
    const char* what;
};

constexpr std::uint32_t v4(int a, int b, int c = 0) {
    return static_cast<std::uint32_t>(a) << 24 | static_cast<std::uint32_t>(b) << 16 |
           static_cast<std::uint32_t>(c) << 8;
}

// The IANA registry of special-purpose IPv4 addresses, and multicast.
constexpr std::array not_public{
    range_v4{v4(0, 0), 8, "an address of this network"},
    range_v4{v4(10, 0), 8, "a private address"},
    range_v4{v4(100, 64), 10, "an address shared by a provider's customers"},
    range_v4{v4(127, 0), 8, "this machine"},
    range_v4{v4(169, 254), 16, "a link-local address"},
    range_v4{v4(172, 16), 12, "a private address"},
    range_v4{v4(192, 0, 0), 24, "a reserved address"},
    range_v4{v4(192, 0, 2), 24, "an address for documentation"},
    range_v4{v4(192, 88, 99), 24, "a reserved address"},
    range_v4{v4(192, 168), 16, "a private address"},
    range_v4{v4(198, 18), 15, "an address for measurements"},
    range_v4{v4(198, 51, 100), 24, "an address for documentation"},
    range_v4{v4(203, 0, 113), 24, "an address for documentation"},
    range_v4{v4(224, 0), 4, "a multicast address"},
    range_v4{v4(240, 0), 4, "a reserved address"},
};

const char* refuse_v4(ip::address_v4 address) {
    const auto found = std::ranges::find_if(not_public, [number = address.to_uint()](const range_v4& r) {
        return (number >> (32 - r.bits)) == (r.network >> (32 - r.bits));
    });
    return found == not_public.end() ? nullptr : found->what;
}

using bytes = ip::address_v6::bytes_type;

bool begins(const bytes& address, std::initializer_list<int> with) {
    return std::equal(with.begin(), with.end(), address.begin(), [](int a, unsigned char b) {
        return a == b;
    });
}

ip::address_v4 v4_at(const bytes& b, std::size_t at, unsigned char mask = 0) {
    ip::address_v4::bytes_type inner;
    for (std::size_t i = 0; i < 4; ++i)
        inner[i] = b[at + i] ^ mask;
    return ip::address_v4(inner);
}

// The IPv4 address that an IPv6 address leads to.
std::optional<ip::address_v4> inside(const bytes& b) {
    if (begins(b, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) // mapped
        return v4_at(b, 12);
    if (begins(b, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) // compatible; :: and ::1 too, which are 0.0.0.0/8
        return v4_at(b, 12);
    if (begins(b, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) // NAT64, RFC 6052
        return v4_at(b, 12);
    if (begins(b, {0x20, 0x02})) // 6to4
        return v4_at(b, 2);
    if (begins(b, {0x20, 0x01, 0, 0})) // Teredo: the client's, each bit inverted
        return v4_at(b, 12, 0xff);
    return std::nullopt;
}

const char* refuse_v6(const ip::address_v6& address) {
    const bytes b = address.to_bytes();
    if (address.is_loopback())
        return "this machine";
    if (const auto v4 = inside(b))
        return refuse_v4(*v4);
    if ((b[0] & 0xfe) == 0xfc)
        return "a private address";
    if (address.is_link_local())
        return "a link-local address";
    if (address.is_multicast())
        return "a multicast address";
    if (begins(b, {0x20, 0x01, 0x0d, 0xb8}) || begins(b, {0x3f, 0xff}))
        return "an address for documentation";
    const bool global = (b[0] & 0xe0) == 0x20; // 2000::/3 is all that was given out
    const bool special = begins(b, {0x20, 0x01}) && b[2] < 2;
    return global && !special ? nullptr : "a reserved address";
}

} // namespace

address_guard address_guard::public_only() {
    address_guard guard;
    guard.only_public_ = true;
    return guard;
}

address_guard& address_guard::allow(const std::string& network) {
    const bool has_length = network.find('/') != std::string::npos;
    error_code no_v4, no_v6;
    const auto four = ip::make_network_v4(has_length ? network : network + "/32", no_v4);
    const auto six = ip::make_network_v6(has_length ? network : network + "/128", no_v6);
    if (!no_v4)
        allowed_v4_.push_back(four.canonical());
    else if (!no_v6)
        allowed_v6_.push_back(six.canonical());
    else
        throw error(failure(errc::invalid_argument)
                        .doing("address_guard::allow")
                        .because("neither an address nor a network: write it as 10.1.0.0/16 or fd00::/8"));
    return *this;
}

bool address_guard::is_allowed(const ip::address& address) const {
    if (address.is_v4())
        return std::ranges::any_of(allowed_v4_, [a = address.to_v4()](const ip::network_v4& n) {
            return ip::network_v4(a, n.prefix_length()).canonical() == n;
        });
    const auto six = address.to_v6();
    if (six.is_v4_mapped() && is_allowed(ip::make_address_v4(ip::v4_mapped, six)))
        return true;
    return std::ranges::any_of(allowed_v6_, [&](const ip::network_v6& n) {
        const ip::address_v6 plain(six.to_bytes()); // a scope is no part of the network
        return ip::network_v6(plain, n.prefix_length()).canonical() == n;
    });
}

const char* address_guard::refuse(const ip::address& address) const {
    if (!only_public_ || is_allowed(address))
        return nullptr;
    return address.is_v4() ? refuse_v4(address.to_v4()) : refuse_v6(address.to_v6());
}

} // namespace oneloop::http
