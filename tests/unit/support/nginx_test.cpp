#include "tests/support/nginx.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/resources.hpp"

#include <boost/asio.hpp>

using namespace oneloop::testing;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::string get(std::uint16_t port, const std::string& path) {
    asio::io_context loop;
    tcp::socket socket(loop);
    socket.connect({asio::ip::address_v4::loopback(), port});
    asio::write(socket, asio::buffer("GET " + path + " HTTP/1.0\r\n\r\n"));
    std::string answer;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
}

} // namespace

TEST_CASE("nginx serves files and statuses on a port that was bound for it", "[nginx]") {
    const auto before = resources_now();
    {
        nginx server;
        server.serve("page.html", "the page");
        CHECK(get(server.port(), "/page.html").ends_with("\r\n\r\nthe page"));
        CHECK(get(server.port(), "/status/503").starts_with("HTTP/1.1 503"));
        CHECK(get(server.port(), "/missing").starts_with("HTTP/1.1 404"));
        const auto seen = server.requests(3);
        REQUIRE(seen.size() == 3);
        CHECK(seen[0].line == "GET /page.html HTTP/1.0");
        CHECK(seen[1].status == 503);
        CHECK(seen[0].connection != seen[1].connection);
        CHECK(seen[0].begin <= seen[0].end);
        CHECK(most_at_once(seen) >= 1);
    }
    require_same_resources(before);
}

TEST_CASE("nginx tells which requests overlapped", "[nginx]") {
    nginx server(nginx_options().slow_rate(20'000));
    server.serve("slow/file", std::string(26'000, 'x'));
    std::vector<std::thread> clients(3);
    for (auto& c : clients)
        c = std::thread([&server] { get(server.port(), "/slow/file"); });
    for (auto& c : clients)
        c.join();
    CHECK(most_at_once(server.requests(3)) == 3);
}

TEST_CASE("nginx serves TLS", "[nginx]") {
    temp_dir dir;
    certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("localhost")));
    CHECK(server.tls_port() != server.port());
    CHECK(
        get(server.tls_port(), "/").find("The plain HTTP request was sent to HTTPS port") != std::string::npos
    );
}

TEST_CASE("nginx with a wrong configuration is an error that shows why", "[nginx]") {
    CHECK_THROWS_WITH(nginx(nginx_options().server("no_such_directive;")), containing("no_such_directive"));
}

TEST_CASE("nginx can be killed", "[nginx]") {
    nginx server;
    server.signal(SIGKILL);
    // Its sockets are closed when the last of its processes has died.
    for (bool refused = false; !refused;) {
        try {
            get(server.port(), "/ready");
        } catch (const boost::system::system_error& e) {
            refused = e.code() == asio::error::connection_refused;
        }
    }
}
