#include "tests/support/forward_proxy.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include <array>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace oneloop::testing {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

std::string base64(const std::string& text) {
    static const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string all;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            all += i + k > text.size() ? '=' : digits[bits >> (18 - 6 * k) & 63];
    }
    return all;
}

// Bytes on the way, read ahead of what was understood.
template <class Stream>
struct client_side {
    Stream& stream;
    std::string read;

    awaitable<std::string> take(std::size_t n) {
        std::array<char, 4096> more;
        while (read.size() < n) {
            const auto got = co_await stream.async_read_some(asio::buffer(more), use_awaitable);
            read.append(more.data(), got);
        }
        std::string taken = read.substr(0, n);
        read.erase(0, n);
        co_return taken;
    }
    awaitable<std::string> head() {
        std::array<char, 4096> more;
        while (read.find("\r\n\r\n") == read.npos) {
            const auto got = co_await stream.async_read_some(asio::buffer(more), use_awaitable);
            read.append(more.data(), got);
        }
        const auto end = read.find("\r\n\r\n") + 4;
        std::string taken = read.substr(0, end);
        read.erase(0, end);
        co_return taken;
    }
    awaitable<void> say(std::string text) {
        co_await asio::async_write(stream, asio::buffer(text), use_awaitable);
    }
};

template <class From, class To>
awaitable<void> pump(From& from, To& to, tcp::socket& ends) {
    std::array<char, 16 * 1024> piece;
    try {
        for (;;) {
            const auto n = co_await from.async_read_some(asio::buffer(piece), use_awaitable);
            co_await asio::async_write(to, asio::buffer(piece, n), use_awaitable);
        }
    } catch (const boost::system::system_error&) {
    }
    ends.close(); // the other direction ends as well
}

} // namespace

// Lives on the proxy's thread but for what it was asked.
class forward_proxy::inside {
public:
    explicit inside(forward_proxy_options options)
        : options_(std::move(options)), acceptor_(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        if (!options_.certificate_.empty()) {
            tls_.emplace(ssl::context::tls_server);
            tls_->use_certificate_chain_file(options_.certificate_.string());
            tls_->use_private_key_file(options_.key_.string(), ssl::context::pem);
        }
        asio::co_spawn(loop_, accept(), asio::detached);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~inside() {
        asio::post(loop_, [this] {
            acceptor_.close();
            for (auto* socket : open_)
                socket->close();
        });
        thread_.join();
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::vector<std::string> asked() const {
        std::lock_guard lock(mutex_);
        return asked_;
    }
    std::size_t connections() const {
        std::lock_guard lock(mutex_);
        return connections_;
    }

private:
    awaitable<void> accept() {
        for (;;) {
            auto socket = co_await acceptor_.async_accept(use_awaitable);
            asio::co_spawn(loop_, serve(std::move(socket)), asio::detached);
        }
    }

    awaitable<void> serve(tcp::socket socket) {
        {
            std::lock_guard lock(mutex_);
            ++connections_;
        }
        tcp::socket upstream(loop_);
        open_.insert(&socket);
        open_.insert(&upstream);
        try {
            if (tls_) {
                ssl::stream<tcp::socket&> stream(socket, *tls_);
                co_await stream.async_handshake(ssl::stream_base::server, use_awaitable);
                co_await talk(stream, socket, upstream);
            } else {
                co_await talk(socket, socket, upstream);
            }
        } catch (const boost::system::system_error&) {
        }
        open_.erase(&socket);
        open_.erase(&upstream);
    }

    template <class Stream>
    awaitable<void> talk(Stream& stream, tcp::socket& socket, tcp::socket& upstream) {
        client_side<Stream> client{stream, {}};
        const std::string first = co_await client.take(1);
        client.read = first + client.read;
        if (first == "\x05")
            co_await socks(client, socket, upstream);
        else
            co_await http(client, socket, upstream);
    }

    template <class Client>
    awaitable<void> http(Client& client, tcp::socket& socket, tcp::socket& upstream) {
        for (;;) {
            const std::string head = co_await client.head();
            note(head);
            if (options_.silent_)
                co_await client.take(1 << 20);
            const std::string answer = refusal(head);
            if (!answer.empty()) {
                co_await client.say(answer);
                continue;
            }
            const auto from = head.find(' ') + 1;
            std::string where = head.substr(from, head.find(' ', from) - from);
            if (head.starts_with("CONNECT ")) {
                co_await connect(upstream, where);
                co_await client.say("HTTP/1.1 200 Here you are\r\nX-Proxy: yes\r\n\r\n");
                co_return co_await relay(client, socket, upstream);
            }
            // http://host:port/path: the path goes on alone, and what was for us does not
            const auto host = where.find("://") + 3;
            const auto path = where.find('/', host);
            if (!upstream.is_open())
                co_await connect(upstream, where.substr(host, path - host));
            std::string passed = head.substr(0, from) + where.substr(path) + head.substr(from + where.size());
            for (auto at = passed.find("\r\nProxy-"); at != passed.npos; at = passed.find("\r\nProxy-"))
                passed.erase(at, passed.find("\r\n", at + 2) - at);
            const auto end = passed.size() - 2;
            passed.insert(end, "Via: 1.1 proxy\r\n");
            co_await asio::async_write(upstream, asio::buffer(passed), use_awaitable);
            co_await answer_back(client, upstream);
        }
    }

    // One answer with a Content-Length, which is all that the servers of the tests give.
    template <class Client>
    awaitable<void> answer_back(Client& client, tcp::socket& upstream) {
        client_side<tcp::socket> server{upstream, {}};
        std::string whole = co_await server.head();
        const auto at = whole.find("Content-Length: ");
        if (at != whole.npos) {
            const std::string body = co_await server.take(std::stoul(whole.substr(at + 16)));
            whole += body;
        }
        co_await client.say(whole);
    }

    template <class Client>
    awaitable<void> relay(Client& client, tcp::socket& socket, tcp::socket& upstream) {
        co_await asio::async_write(upstream, asio::buffer(client.read), use_awaitable);
        asio::steady_timer ended(loop_, asio::steady_timer::time_point::max());
        asio::co_spawn(loop_, pump(upstream, client.stream, socket), [&](std::exception_ptr) {
            ended.expires_at(asio::steady_timer::time_point::min());
        });
        co_await pump(client.stream, upstream, upstream);
        boost::system::error_code ignored;
        auto silently = asio::redirect_error(use_awaitable, ignored);
        co_await ended.async_wait(silently);
    }

    template <class Client>
    awaitable<void> socks(Client& client, tcp::socket& socket, tcp::socket& upstream) {
        const std::string greeting = co_await client.take(2);
        const std::string methods = co_await client.take(static_cast<unsigned char>(greeting[1]));
        std::string who;
        if (options_.user_.empty()) {
            co_await client.say(std::string("\x05\x00", 2));
        } else if (methods.find('\x02') == methods.npos) {
            co_await client.say("\x05\xff");
            co_return;
        } else {
            co_await client.say("\x05\x02");
            const std::string version = co_await client.take(1);
            const std::string user = co_await text(client);
            const std::string password = co_await text(client);
            const bool right = user == options_.user_ && password == options_.password_;
            who = ", " + user + ":" + password;
            const std::string verdict{'\x01', right ? '\x00' : '\x01'};
            co_await client.say(verdict);
            if (!right)
                co_return;
        }
        const std::string request = co_await client.take(4);
        std::string host;
        if (request[3] == 3) {
            host = co_await text(client);
        } else {
            const std::string bytes = co_await client.take(4);
            asio::ip::address_v4::bytes_type b;
            std::copy(bytes.begin(), bytes.end(), b.begin());
            host = asio::ip::address_v4(b).to_string();
        }
        const std::string port = co_await client.take(2);
        const int number = static_cast<unsigned char>(port[0]) * 256 + static_cast<unsigned char>(port[1]);
        note("SOCKS " + host + ":" + std::to_string(number) + who);
        if (options_.refuse_) {
            co_await client.say(std::string("\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", 10));
            co_return;
        }
        co_await connect(upstream, host + ":" + std::to_string(number));
        co_await client.say(std::string("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10));
        co_await relay(client, socket, upstream);
    }

    template <class Client>
    awaitable<std::string> text(Client& client) {
        const std::string length = co_await client.take(1);
        co_return co_await client.take(static_cast<unsigned char>(length[0]));
    }

    awaitable<void> connect(tcp::socket& upstream, std::string where) {
        const auto colon = where.rfind(':');
        const int port = colon == where.npos ? 80 : std::stoi(where.substr(colon + 1));
        const tcp::endpoint to(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port));
        co_await upstream.async_connect(to, use_awaitable);
    }

    // Empty: it may have what it asks for.
    std::string refusal(const std::string& head) const {
        const std::string empty = "Content-Length: 0\r\n\r\n";
        if (options_.refuse_)
            return "HTTP/1.1 " + std::to_string(options_.refuse_) + " No\r\n" + empty;
        const std::string right =
            "\r\nProxy-Authorization: Basic " + base64(options_.user_ + ":" + options_.password_) + "\r\n";
        if (!options_.user_.empty() && head.find(right) == head.npos)
            return "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n" + empty;
        return {};
    }

    void note(const std::string& what) {
        std::lock_guard lock(mutex_);
        asked_.push_back(what);
    }

    const forward_proxy_options options_;
    std::optional<ssl::context> tls_;
    asio::io_context loop_{1};
    tcp::acceptor acceptor_;
    std::set<tcp::socket*> open_;
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;
    std::size_t connections_ = 0;
    std::thread thread_;
};

forward_proxy::forward_proxy(forward_proxy_options options)
    : inside_(std::make_unique<inside>(std::move(options))), port_(inside_->port()) {}

forward_proxy::~forward_proxy() = default;

std::vector<std::string> forward_proxy::asked() const {
    return inside_->asked();
}
std::size_t forward_proxy::connections() const {
    return inside_->connections();
}

} // namespace oneloop::testing
