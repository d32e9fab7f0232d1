#include "tests/support/dns_server.hpp"

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cctype>
#include <optional>

namespace oneloop::testing {
namespace {

namespace ip = boost::asio::ip;
using bytes = std::string;

constexpr int type_a = 1, type_cname = 5, type_aaaa = 28;

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

struct question {
    bytes id;
    std::string name;
    int type = 0;
};

std::optional<question> parse(const bytes& packet) {
    if (packet.size() < 17)
        return {};
    question q{packet.substr(0, 2), {}, 0};
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

bytes answer(const question& q, const dns_reply& reply) {
    bytes records;
    unsigned count = 0;
    std::string owner = q.name;
    for (const auto& [target, ttl] : reply.aliases_) {
        put_record(records, owner, type_cname, ttl, encoded_name(target));
        owner = target;
        ++count;
    }
    for (const auto& [text, ttl] : reply.addresses_) {
        const auto address = ip::make_address(text);
        if (address.is_v4() != (q.type == type_a))
            continue;
        const bytes data =
            address.is_v4() ? as_string(address.to_v4().to_bytes()) : as_string(address.to_v6().to_bytes());
        put_record(records, owner, q.type, ttl, data);
        ++count;
    }
    bytes out = q.id;
    put16(out, 0x8180U | static_cast<unsigned>(reply.code_));
    put16(out, 1);
    put16(out, count);
    put32(out, 0);
    out += encoded_name(q.name);
    put16(out, static_cast<unsigned>(q.type));
    put16(out, 1);
    return out + records;
}

bytes lie(question q, dns_lie how) {
    if (how == dns_lie::garbage)
        return q.id + bytes(40, '\xff');
    if (how == dns_lie::wrong_id)
        q.id[0] = static_cast<char>(q.id[0] ^ 0x55);
    if (how == dns_lie::wrong_question)
        q.name = "lie." + q.name;
    const bytes whole = answer(q, dns_reply().address("192.0.2.66", 300).address("2001:db8::66", 300));
    return how == dns_lie::cut_short ? whole.substr(0, 11) : whole;
}

} // namespace

class dns_server::inside : public std::enable_shared_from_this<inside> {
public:
    explicit inside(const executor& loop)
        : socket(loop, ip::udp::endpoint(ip::make_address_v4("127.0.0.1"), 0)) {}

    void receive() {
        buffer_.resize(1500);
        socket.async_receive_from(
            boost::asio::buffer(buffer_), from_,
            [self = shared_from_this()](error_code failed, std::size_t n) {
                if (failed)
                    return;
                self->buffer_.resize(n);
                if (const auto q = parse(self->buffer_))
                    self->consider(*q);
                self->receive();
            }
        );
    }

    ip::udp::socket socket;
    std::map<std::string, dns_reply> replies;
    std::map<std::pair<std::string, int>, int> counts;

private:
    void consider(const question& q) {
        const int count = ++counts[{q.name, q.type}];
        const auto known = replies.find(q.name);
        const dns_reply reply = known == replies.end() ? dns_reply().no_such_name() : known->second;
        if (count <= reply.ignore_ || (reply.mute_ipv6_ && q.type == type_aaaa))
            return;
        if (reply.lie_ != dns_lie::none)
            send(lie(q, reply.lie_), from_);
        if (reply.delay_ == std::chrono::milliseconds::zero())
            return send(answer(q, reply), from_);
        auto timer = std::make_shared<boost::asio::steady_timer>(socket.get_executor(), reply.delay_);
        timer->async_wait([self = shared_from_this(), timer, to = from_,
                           packet = answer(q, reply)](error_code) {
            if (self->socket.is_open())
                self->send(packet, to);
        });
    }

    void send(const bytes& packet, const ip::udp::endpoint& to) {
        error_code ignored; // who asked may be gone
        socket.send_to(boost::asio::buffer(packet), to, 0, ignored);
    }

    bytes buffer_;
    ip::udp::endpoint from_;
};

dns_server::dns_server(const executor& loop) : inside_(std::make_shared<inside>(loop)) {
    inside_->receive();
}

dns_server::~dns_server() {
    error_code ignored;
    inside_->socket.close(ignored);
}

std::string dns_server::address() const {
    return "127.0.0.1:" + std::to_string(inside_->socket.local_endpoint().port());
}

void dns_server::set(std::string name, dns_reply reply) {
    inside_->replies[std::move(name)] = std::move(reply);
}

int dns_server::asked(const std::string& name) const {
    return inside_->counts[{name, type_a}];
}
int dns_server::asked_for_ipv6(const std::string& name) const {
    return inside_->counts[{name, type_aaaa}];
}

} // namespace oneloop::testing
