#include "core/dns_message.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace oneloop {
namespace {

namespace ip = boost::asio::ip;
using std::chrono::seconds;

constexpr unsigned type_alias = 5, type_soa = 6, class_internet = 1;
constexpr std::size_t longest_name = 255;

// Where the message ends before it should, or points to where it must not.
struct malformed {};

class reader {
public:
    explicit reader(std::span<const unsigned char> whole) : whole_(whole) {}

    std::size_t position() const noexcept { return at_; }
    void go_to(std::size_t at) {
        if (at > whole_.size())
            throw malformed();
        at_ = at;
    }
    void skip(std::size_t bytes) { go_to(at_ + bytes); }

    unsigned byte() {
        if (at_ >= whole_.size())
            throw malformed();
        return whole_[at_++];
    }
    unsigned number16() {
        const unsigned high = byte();
        return high << 8 | byte();
    }
    std::uint32_t number32() {
        const std::uint32_t high = number16();
        return high << 16 | number16();
    }
    // RFC 2181: a number with the highest bit set means 0.
    seconds time_to_live() {
        const std::uint32_t n = number32();
        return seconds(n > 0x7fffffff ? 0 : n);
    }

    template <std::size_t Size>
    std::array<unsigned char, Size> bytes() {
        std::array<unsigned char, Size> out;
        std::ranges::generate(out, [this] { return static_cast<unsigned char>(byte()); });
        return out;
    }

    // In small letters. Every pointer has to go further back than the one before, so there is no circle.
    std::string name() {
        std::string out;
        std::size_t resume = 0, lowest = at_;
        for (unsigned length = byte(); length != 0; length = byte()) {
            if (length >= 0xc0) {
                const std::size_t target = (length & 0x3fU) << 8 | byte();
                if (resume == 0)
                    resume = at_;
                if (target >= lowest)
                    throw malformed();
                go_to(lowest = target);
                continue;
            }
            if (length > 63 || out.size() + length + 1 > longest_name)
                throw malformed();
            if (!out.empty())
                out += '.';
            for (; length > 0; --length)
                out += letter(byte());
        }
        if (resume != 0)
            at_ = resume;
        return out;
    }

private:
    // A dot inside of a label is not the dot between two, and no host's name has a backslash.
    static char letter(unsigned c) noexcept {
        if (c == '.')
            return '\\';
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }

    std::span<const unsigned char> whole_;
    std::size_t at_ = 0;
};

struct record {
    std::string owner;
    unsigned type = 0, kind = 0;
    seconds ttl{};
    std::size_t end = 0; // of its data, which begins where the reader stands
};

struct known_address {
    ip::address address;
    seconds ttl;
};

struct known_alias {
    std::string target;
    seconds ttl;
};

// What the answers say of every name, as the order in which they come is the server's affair.
class answers {
public:
    void read(reader& from, dns_type wanted) {
        const record r = begin_record(from);
        if (r.kind == class_internet && r.type == type_alias)
            aliases_.emplace(r.owner, known_alias{from.name(), r.ttl});
        else if (r.kind == class_internet && r.type == static_cast<unsigned>(wanted))
            addresses_.emplace(r.owner, known_address{address(from, r, wanted), r.ttl});
        from.go_to(r.end);
    }

    static void read_authority(reader& from, dns_records& out) {
        const record r = begin_record(from);
        if (r.kind == class_internet && r.type == type_soa) {
            from.name();
            from.name();
            from.skip(16);
            out.negative_ttl = std::min(r.ttl, from.time_to_live());
        }
        from.go_to(r.end);
    }

    void follow(std::string name, dns_records& out) const {
        seconds shortest = seconds::max();
        // A chain has no more parts than there are aliases, unless it is a circle.
        for (std::size_t hops = aliases_.size(); hops > 0 && !addresses_.contains(name); --hops) {
            const auto next = aliases_.find(name);
            if (next == aliases_.end())
                return;
            shortest = std::min(shortest, next->second.ttl);
            name = next->second.target;
        }
        const auto [begin, end] = addresses_.equal_range(name);
        for (auto i = begin; i != end; ++i) {
            shortest = std::min(shortest, i->second.ttl);
            if (std::ranges::find(out.addresses, i->second.address) == out.addresses.end())
                out.addresses.push_back(i->second.address);
        }
        if (begin != end)
            out.ttl = shortest;
    }

private:
    static record begin_record(reader& from) {
        record r;
        r.owner = from.name();
        r.type = from.number16();
        r.kind = from.number16();
        r.ttl = from.time_to_live();
        const unsigned size = from.number16();
        const std::size_t data = from.position();
        from.skip(size); // it has to be there as a whole
        r.end = from.position();
        from.go_to(data);
        return r;
    }

    static ip::address address(reader& from, const record& r, dns_type type) {
        const std::size_t size = r.end - from.position();
        if (size != (type == dns_type::ipv4 ? 4U : 16U))
            throw malformed();
        if (type == dns_type::ipv4)
            return ip::address_v4(from.bytes<4>());
        return ip::address_v6(from.bytes<16>());
    }

    std::multimap<std::string, known_address> addresses_;
    std::map<std::string, known_alias> aliases_;
};

} // namespace

std::optional<dns_records> read_dns_answer(
    std::span<const unsigned char> message, std::string_view name, dns_type type
) {
    try {
        reader from(message);
        from.skip(4); // id and flags
        const unsigned questions = from.number16(), answered = from.number16(), authorities = from.number16();
        from.skip(2);
        for (unsigned i = 0; i < questions; ++i) {
            from.name();
            from.skip(4);
        }
        answers said;
        for (unsigned i = 0; i < answered; ++i)
            said.read(from, type);
        dns_records out;
        for (unsigned i = 0; i < authorities; ++i)
            answers::read_authority(from, out);
        said.follow(std::string(name), out);
        return out;
    } catch (const malformed&) {
        return {};
    }
}

} // namespace oneloop
