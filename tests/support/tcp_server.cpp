#include "tests/support/tcp_server.hpp"

#include "tests/support/server_log.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include <optional>
#include <thread>

namespace oneloop::testing {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using kind = script::kind;
using asio::awaitable;

script http_answers(const std::string& body) {
    script s;
    s.expect_request();
    s.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    s.repeat();
    return s;
}

// Lives on the server's thread but for the log. Errors of a connection end that connection and nothing else:
// clients that go away in the midst of things are what these servers are for.
class tcp_server::inside {
public:
    inside(std::function<script(std::size_t)> scripts, const tcp_server_options& options)
        : scripts_(std::move(scripts)), acceptor_(loop_, tcp::endpoint(options.address_, options.port_)) {
        if (!options.certificate_.empty()) {
            tls_.emplace(ssl::context::tls_server);
            tls_->use_certificate_chain_file(options.certificate_.string());
            tls_->use_private_key_file(options.key_.string(), ssl::context::pem);
            alpn_ = static_cast<char>(options.alpn_.size()) + options.alpn_;
            if (!options.alpn_.empty())
                SSL_CTX_set_alpn_select_cb(tls_->native_handle(), &inside::select_alpn, this);
        }
        asio::co_spawn(loop_, accept(), asio::detached);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~inside() {
        asio::post(loop_, [this] {
            stopping_ = true;
            acceptor_.close();
            wake_.cancel();
            for (auto* socket : log->open())
                socket->close();
        });
        thread_.join();
    }

    tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
    bool has_tls() const noexcept { return tls_.has_value(); }

    const std::shared_ptr<server_log> log = std::make_shared<server_log>();

private:
    static int select_alpn(
        SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned length,
        void* self
    ) {
        const std::string& ours = static_cast<inside*>(self)->alpn_;
        unsigned char* found = nullptr;
        const auto* own = reinterpret_cast<const unsigned char*>(ours.data());
        const int how =
            SSL_select_next_proto(&found, size, own, static_cast<unsigned>(ours.size()), offered, length);
        *out = found;
        return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
    }

    awaitable<void> accept() {
        for (std::size_t number = 0;; ++number) {
            auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
            asio::co_spawn(loop_, serve(std::move(socket), number), asio::detached);
        }
    }

    awaitable<void> serve(tcp::socket socket, std::size_t number) {
        server_visit visit(*log, socket, number);
        socket.set_option(tcp::no_delay(true));
        if (!tls_) {
            co_await play(socket, visit);
            co_return;
        }
        ssl::stream<tcp::socket&> stream(socket, *tls_);
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        co_await play(stream, visit);
        error_code ignored;
        auto silently = asio::redirect_error(asio::use_awaitable, ignored);
        co_await stream.async_shutdown(silently);
    }

    template <class Stream>
    awaitable<void> play(Stream& stream, server_visit& visit) {
        const script plan = scripts_(visit.number());
        for (std::size_t i = 0; i < plan.steps().size(); ++i) {
            const auto& step = plan.steps()[i];
            if (step.what == kind::repeat)
                i = static_cast<std::size_t>(-1);
            else
                co_await take(step, stream, visit);
        }
    }

    template <class Stream>
    awaitable<void> take(const script::step& step, Stream& stream, server_visit& visit) {
        std::size_t length = 0;
        switch (step.what) {
            case kind::expect: {
                visit.answered();
                std::vector<char> more(16 * 1024);
                while ((length = step.length(visit.read)) == 0) {
                    const auto n = co_await stream.async_read_some(asio::buffer(more), asio::use_awaitable);
                    visit.read.append(more.data(), n);
                }
                visit.asked(visit.read.substr(0, length));
                visit.read.erase(0, length);
                wake_.cancel();
                break;
            }
            case kind::send:
                co_await asio::async_write(stream, asio::buffer(step.bytes), asio::use_awaitable);
                break;
            case kind::send_slowly:
                for (const char& byte : step.bytes)
                    co_await asio::async_write(stream, asio::buffer(&byte, 1), asio::use_awaitable);
                break;
            case kind::flood:
                for (;;)
                    co_await asio::async_write(stream, asio::buffer(step.bytes), asio::use_awaitable);
            case kind::wait_for_requests:
                while (log->requests().size() < step.count && !stopping_)
                    co_await woken();
                break;
            case kind::hang: {
                std::vector<char> dropped(16 * 1024);
                for (;;)
                    co_await stream.async_read_some(asio::buffer(dropped), asio::use_awaitable);
            }
            case kind::stall:
                while (!stopping_)
                    co_await woken();
                break;
            case kind::reset:
                visit.socket().set_option(asio::socket_base::linger(true, 0));
                visit.socket().close();
                break;
            case kind::half_close:
                visit.socket().shutdown(tcp::socket::shutdown_send);
                break;
            case kind::repeat:
                break;
        }
    }

    // Until another request was seen, or the server stops.
    awaitable<void> woken() {
        error_code how;
        auto silently = asio::redirect_error(asio::use_awaitable, how);
        co_await wake_.async_wait(silently);
    }

    std::function<script(std::size_t)> scripts_;
    std::optional<ssl::context> tls_;
    std::string alpn_; // as the handshake has it, its length in front
    asio::io_context loop_{1};
    tcp::acceptor acceptor_;
    asio::steady_timer wake_{loop_, asio::steady_timer::time_point::max()};
    bool stopping_ = false;
    std::thread thread_;
};

tcp_server::tcp_server(script every_connection, tcp_server_options options)
    : tcp_server([every_connection](std::size_t) { return every_connection; }, std::move(options)) {}

tcp_server::tcp_server(std::function<script(std::size_t)> nth_connection, tcp_server_options options)
    : inside_(std::make_unique<inside>(std::move(nth_connection), options)),
      log_(inside_->log),
      port_(inside_->endpoint().port()) {
    const auto address = inside_->endpoint().address();
    const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    base_ = (inside_->has_tls() ? "https://" : "http://") + host + ":" + std::to_string(port_);
}

tcp_server::~tcp_server() = default;
void tcp_server::stop() {
    inside_.reset();
}

std::size_t tcp_server::connections() const {
    return log_->connections();
}
std::size_t tcp_server::open_connections() const {
    return log_->open().size();
}
std::vector<tcp_server::request> tcp_server::requests() const {
    return log_->requests();
}
std::size_t tcp_server::most_requests_at_once() const {
    return log_->most_at_once();
}

} // namespace oneloop::testing
