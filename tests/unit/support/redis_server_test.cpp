#include "tests/support/redis_server.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/resources.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

using namespace oneloop::testing;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// What the server says to one line over TCP, without the end of line.
std::string ask(std::uint16_t port, const std::string& line) {
    asio::io_context loop;
    tcp::socket socket(loop);
    socket.connect({asio::ip::address_v4::loopback(), port});
    asio::write(socket, asio::buffer(line + "\r\n"));
    std::string answer;
    const std::size_t length = asio::read_until(socket, asio::dynamic_buffer(answer), "\r\n");
    return answer.substr(0, length - 2);
}

} // namespace

TEST_CASE("redis_server answers at a port and a socket, and leaves nothing behind", "[redis_server]") {
    const auto before = resources_now();
    std::filesystem::path directory;
    {
        redis_server server;
        directory = server.socket_path().parent_path();
        CHECK(server.url() == "redis://127.0.0.1:" + std::to_string(server.port()) + "/0");
        CHECK(ask(server.port(), "SET key value") == "+OK");
        CHECK(server.command("GET", "key") == "value");
        CHECK(server.command("APPEND", "key", 12) == "7");
        CHECK(server.command("GET", "missing").empty());
        CHECK(server.command("KEYS", "*") == "key\n");
        CHECK_THROWS_WITH(server.command("INCR", "key"), containing("not an integer"));
        CHECK(server.clients().empty());
        CHECK_THAT(server.log(), containing("Ready to accept connections"));
    }
    CHECK_FALSE(exists(directory));
    require_same_resources(before);
}

TEST_CASE("redis_server wants its passwords", "[redis_server]") {
    redis_server server(redis_options().password("secret").user("ann", "hers"));
    CHECK_THAT(server.url(2), containing("redis://:secret@127.0.0.1:") && containing("/2"));
    CHECK(ask(server.port(), "PING") == "-NOAUTH Authentication required.");
    CHECK(ask(server.port(), "AUTH secret") == "+OK");
    CHECK(ask(server.port(), "AUTH ann hers") == "+OK");
    CHECK_THAT(ask(server.port(), "AUTH ann wrong"), containing("-WRONGPASS"));
    CHECK(server.command("PING") == "PONG");
}

TEST_CASE("redis_server dies and comes back at the same port", "[redis_server]") {
    redis_server server(redis_options().config("appendonly yes\nappendfsync no"));
    server.command("SET", "key", "value");
    server.kill();
    CHECK_THROWS_WITH(ask(server.port(), "PING"), containing("refused"));
    server.start();
    CHECK(ask(server.port(), "PING") == "+PONG");
    server.kill_and_restart();
    server.restart();
    CHECK(server.command("GET", "key") == "value");
}

TEST_CASE("redis_server can be made to hang and to go on", "[redis_server]") {
    redis_server server;
    asio::io_context loop;
    tcp::socket socket(loop);
    socket.connect({asio::ip::address_v4::loopback(), server.port()});
    server.signal(SIGSTOP);
    asio::write(socket, asio::buffer(std::string("PING\r\n")));
    asio::steady_timer(loop, std::chrono::milliseconds(50)).wait();
    CHECK(socket.available() == 0);
    server.signal(SIGCONT);
    std::string answer(7, 0);
    asio::read(socket, asio::buffer(answer));
    CHECK(answer == "+PONG\r\n");
    CHECK(server.clients().size() == 1);
}

TEST_CASE("redis_server speaks TLS", "[redis_server]") {
    temp_dir dir;
    certificate_authority authority(dir.path());
    redis_server server(redis_options().tls(authority.issue("localhost")));
    asio::io_context loop;
    asio::ssl::context trust(asio::ssl::context::tls_client);
    trust.load_verify_file(authority.certificate().string());
    asio::ssl::stream<tcp::socket> stream(loop, trust);
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.lowest_layer().connect({asio::ip::address_v4::loopback(), server.tls_port()});
    stream.handshake(asio::ssl::stream_base::client);
    asio::write(stream, asio::buffer(std::string("PING\r\n")));
    std::string answer(7, 0);
    asio::read(stream, asio::buffer(answer));
    CHECK(answer == "+PONG\r\n");
    CHECK(server.tls_url() == "rediss://localhost:" + std::to_string(server.tls_port()) + "/0");
}

TEST_CASE("redis_server with a wrong configuration is an error that shows why", "[redis_server]") {
    CHECK_THROWS_WITH(redis_server(redis_options().config("no-such-line 1")), containing("no-such-line"));
}
