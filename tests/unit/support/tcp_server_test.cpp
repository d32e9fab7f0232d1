#include "tests/support/tcp_server.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/dead_ports.hpp"
#include "tests/support/resources.hpp"

#include <boost/asio.hpp>

using namespace oneloop::testing;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

class client {
public:
    explicit client(std::uint16_t port, asio::ip::address address = asio::ip::address_v4::loopback()) {
        socket_.connect(tcp::endpoint(address, port));
    }
    void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
    // Until the server ends it; `why` tells how.
    std::string rest(error_code& why) {
        std::string all;
        asio::read(socket_, asio::dynamic_buffer(all), why);
        return all;
    }
    std::string read(std::size_t n) {
        std::string part(n, 0);
        asio::read(socket_, asio::buffer(part));
        return part;
    }

private:
    asio::io_context loop_;
    tcp::socket socket_{loop_};
};

} // namespace

TEST_CASE("a scripted server answers, notes requests and closes", "[tcp_server]") {
    const auto before = resources_now();
    {
        tcp_server server(script().expect_request().send("first ").expect_request().send_slowly("second"));
        client c(server.port());
        c.send("A\r\n\r\nB\r\n\r\n"); // both at once: the second is kept for its step
        error_code why;
        CHECK(c.rest(why) == "first second");
        CHECK(why == asio::error::eof);
        const auto seen = server.requests();
        REQUIRE(seen.size() == 2);
        CHECK(seen[0].bytes == "A\r\n\r\n");
        CHECK(seen[1].bytes == "B\r\n\r\n");
        CHECK(server.connections() == 1);
        CHECK(server.most_requests_at_once() == 1);
    }
    require_same_resources(before);
}

TEST_CASE("a scripted server resets, and closes one half", "[tcp_server]") {
    error_code why;
    tcp_server resets(script().expect_request().send("part").reset());
    client first(resets.port());
    first.send("x\r\n\r\n");
    CHECK(first.rest(why) == "part");
    CHECK(why == asio::error::connection_reset);

    tcp_server half(script().send("all").half_close().expect("end"));
    client second(half.port());
    CHECK(second.rest(why) == "all");
    second.send("end");
    while (half.requests().empty())
        std::this_thread::yield();
    CHECK(half.requests().front().bytes == "end");
}

TEST_CASE("a scripted server proves that requests were there at once", "[tcp_server]") {
    tcp_server server(script().expect_request().wait_for_requests(3).send("3").repeat());
    client a(server.port()), b(server.port()), c(server.port());
    for (client* one : {&a, &b, &c})
        one->send("x\r\n\r\n");
    for (client* one : {&a, &b, &c})
        CHECK(one->read(1) == "3");
    CHECK(server.most_requests_at_once() == 3);
    CHECK(server.open_connections() == 3);
}

TEST_CASE("a scripted server can have a script for each connection", "[tcp_server]") {
    tcp_server server([](std::size_t n) { return script().send(std::to_string(n)); });
    error_code why;
    for (std::string expected : {"0", "1", "2"})
        CHECK(client(server.port()).rest(why) == expected);
}

TEST_CASE("a scripted server that hangs or stalls stops at once", "[tcp_server]") {
    for (const script& silent : {script().hang(), script().stall(), script().wait_for_requests(1)}) {
        tcp_server server(silent);
        client c(server.port());
        while (server.connections() == 0)
            std::this_thread::yield();
        server.stop();
        error_code why;
        CHECK(c.rest(why).empty());
        CHECK(why == asio::error::eof);
        CHECK(server.open_connections() == 0);
    }
}

TEST_CASE("a scripted server speaks HTTP over IPv6", "[tcp_server]") {
    tcp_server server(http_answers("body"), tcp_server_options().ipv6());
    CHECK(server.url("/x") == "http://[::1]:" + std::to_string(server.port()) + "/x");
    client c(server.port(), asio::ip::address_v6::loopback());
    for (int i = 0; i < 2; ++i) {
        c.send("GET / HTTP/1.1\r\n\r\n");
        CHECK(c.read(42) == "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
    }
}

TEST_CASE("a refused port refuses", "[dead_ports]") {
    refused_port nobody;
    CHECK_THROWS_WITH(client(nobody.port()), containing("refused"));
}

TEST_CASE("a black hole does not answer", "[dead_ports]") {
    const auto before = resources_now();
    {
        black_hole hole;
        asio::io_context loop;
        tcp::socket socket(loop);
        bool answered = false;
        socket.async_connect({asio::ip::address_v4::loopback(), hole.port()}, [&](error_code) {
            answered = true;
        });
        loop.run_for(std::chrono::milliseconds(300)); // a refusal or a handshake takes less than one
        CHECK_FALSE(answered);
    }
    require_same_resources(before);
}
