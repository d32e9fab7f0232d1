#include "tests/support/dns_server.hpp"

#include "tests/support/dns_wire_format.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <map>
#include <vector>

namespace oneloop::testing {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;
using bytes = std::string;

namespace {

// One connection: each message has its length before it.
class dns_stream : public std::enable_shared_from_this<dns_stream> {
public:
    using asked = std::function<bytes(const bytes& packet)>;

    dns_stream(ip::tcp::socket s, asked what) : socket(std::move(s)), what_(std::move(what)) {}

    void next() {
        asio::async_read(
            socket, asio::buffer(length_, 2),
            [self = shared_from_this()](error_code failed, std::size_t) {
                if (!failed)
                    self->body();
            }
        );
    }

    ip::tcp::socket socket;

private:
    void body() {
        packet_.resize(static_cast<std::size_t>(length_[0]) * 256 + length_[1]);
        asio::async_read(
            socket, asio::buffer(packet_),
            [self = shared_from_this()](error_code failed, std::size_t) {
                if (!failed)
                    self->answer();
            }
        );
    }

    void answer() {
        const bytes said = what_(packet_);
        if (said.empty())
            return next();
        answer_ = {static_cast<char>(said.size() >> 8), static_cast<char>(said.size())};
        answer_ += said;
        asio::async_write(
            socket, asio::buffer(answer_),
            [self = shared_from_this()](error_code failed, std::size_t) {
                if (!failed)
                    self->next();
            }
        );
    }

    asked what_;
    unsigned char length_[2] = {};
    bytes packet_, answer_;
};

} // namespace

class dns_server::inside : public std::enable_shared_from_this<inside> {
public:
    explicit inside(const executor& loop) : socket(loop), acceptor(loop) {
        // A port that is free for UDP may be taken for TCP
        for (int tries = 0; !open(); ++tries)
            if (tries == 20)
                throw std::runtime_error("no port for a DNS server");
    }

    void receive() {
        buffer_.resize(1500);
        socket.async_receive_from(
            asio::buffer(buffer_), from_,
            [self = shared_from_this()](error_code failed, std::size_t n) {
                if (failed)
                    return;
                self->buffer_.resize(n);
                if (const auto q = parse_dns_question(self->buffer_))
                    self->consider(*q);
                self->receive();
            }
        );
    }

    void accept() {
        acceptor.async_accept([self = shared_from_this()](error_code failed, ip::tcp::socket s) {
            if (failed)
                return;
            auto stream = std::make_shared<dns_stream>(std::move(s), [self](const bytes& packet) {
                return self->over_tcp(packet);
            });
            self->streams_.push_back(stream);
            stream->next();
            self->accept();
        });
    }

    void close() {
        error_code ignored;
        socket.close(ignored);
        acceptor.close(ignored);
        for (const auto& weak : streams_)
            if (const auto stream = weak.lock())
                stream->socket.close(ignored);
    }

    ip::udp::socket socket;
    ip::tcp::acceptor acceptor;
    std::map<std::string, dns_reply> replies;
    std::function<dns_reply(const std::string&)> otherwise = [](const std::string&) {
        return dns_reply().no_such_name();
    };
    std::map<std::pair<std::string, int>, int> counts;
    int datagrams = 0, over_tcp_count = 0;

private:
    bool open() {
        error_code taken, ignored;
        socket.close(ignored);
        acceptor.close(ignored);
        socket = ip::udp::socket(socket.get_executor(), {ip::address_v4::loopback(), 0});
        acceptor.open(ip::tcp::v4());
        acceptor.bind({ip::address_v4::loopback(), socket.local_endpoint().port()}, taken);
        if (!taken)
            acceptor.listen();
        return !taken;
    }

    dns_reply reply_to(const dns_question& q) const {
        const auto known = replies.find(q.name);
        return known == replies.end() ? otherwise(q.name) : known->second;
    }

    void consider(const dns_question& q) {
        ++datagrams;
        const int count = ++counts[{q.name, q.type}];
        const dns_reply reply = reply_to(q);
        if (count <= reply.ignore_ || (reply.mute_ipv6_ && q.type == type_aaaa))
            return;
        if (reply.lie_ != dns_lie::none)
            send(encode_lie(q, reply.lie_), from_);
        if (reply.only_lies_)
            return;
        const bytes packet = reply.truncated_ ? encode_truncated(q) : encode(q, reply);
        if (reply.delay_ == std::chrono::milliseconds::zero())
            return send(packet, from_);
        auto timer = std::make_shared<asio::steady_timer>(socket.get_executor(), reply.delay_);
        timer->async_wait([self = shared_from_this(), timer, to = from_, packet](error_code) {
            if (self->socket.is_open())
                self->send(packet, to);
        });
    }

    bytes over_tcp(const bytes& packet) {
        const auto q = parse_dns_question(packet);
        if (!q)
            return {};
        ++over_tcp_count;
        const dns_reply reply = reply_to(*q);
        return reply.mute_tcp_ ? bytes() : encode(*q, reply);
    }

    void send(const bytes& packet, const ip::udp::endpoint& to) {
        error_code ignored; // who asked may be gone
        socket.send_to(asio::buffer(packet), to, 0, ignored);
    }

    bytes buffer_;
    ip::udp::endpoint from_;
    std::vector<std::weak_ptr<dns_stream>> streams_;
};

dns_server::dns_server(const executor& loop) : inside_(std::make_shared<inside>(loop)) {
    inside_->receive();
    inside_->accept();
}

dns_server::~dns_server() {
    inside_->close();
}

std::string dns_server::address() const {
    return "127.0.0.1:" + std::to_string(inside_->socket.local_endpoint().port());
}

void dns_server::set(std::string name, dns_reply reply) {
    inside_->replies[std::move(name)] = std::move(reply);
}

void dns_server::otherwise(std::function<dns_reply(const std::string&)> what) {
    inside_->otherwise = std::move(what);
}

int dns_server::asked(const std::string& name) const {
    return inside_->counts[{name, type_a}];
}
int dns_server::asked_for_ipv6(const std::string& name) const {
    return inside_->counts[{name, type_aaaa}];
}
int dns_server::datagrams() const {
    return inside_->datagrams;
}
int dns_server::asked_over_tcp() const {
    return inside_->over_tcp_count;
}

} // namespace oneloop::testing
