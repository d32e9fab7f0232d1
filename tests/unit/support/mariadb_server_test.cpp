#include "tests/support/mariadb_server.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/resources.hpp"

#include <boost/asio.hpp>

using namespace oneloop::testing;
namespace asio = boost::asio;
using asio::ip::tcp;
using rows = std::vector<mariadb_server::row>;

namespace {

// A connection over TCP that has read the server's greeting.
class client {
public:
    explicit client(std::uint16_t port) {
        socket_.connect({asio::ip::address_v4::loopback(), port});
        std::string head(4, 0);
        asio::read(socket_, asio::buffer(head));
        greeting_.resize(static_cast<unsigned char>(head[0]));
        asio::read(socket_, asio::buffer(greeting_));
    }
    const std::string& greeting() const { return greeting_; }
    bool offers_tls() const {
        const auto version = greeting_.find('\0');
        // thread id, first part of the scramble, and the lower half of the capabilities
        return greeting_.at(version + 1 + 4 + 9 + 1) & 0x08;
    }

private:
    asio::io_context loop_;
    tcp::socket socket_{loop_};
    std::string greeting_;
};

} // namespace

TEST_CASE("mariadb_server answers at a port and a socket, and leaves nothing behind", "[mariadb_server]") {
    const auto before = resources_now();
    std::filesystem::path directory;
    {
        mariadb_server server;
        directory = server.socket_path().parent_path();
        CHECK(
            server.url() == "mysql://oneloop:secret@127.0.0.1:" + std::to_string(server.port()) + "/oneloop"
        );
        CHECK(server.execute("select 1, 'two', null") == rows{{"1", "two", "NULL"}});
        CHECK(
            server.execute("create table t (n int); insert into t values (7); select n from t") == rows{{"7"}}
        );
        CHECK_THROWS_WITH(server.execute("select 1; select x"), containing("Unknown column 'x'"));
        CHECK(
            server.execute("select user, host from mysql.user where user <> 'mariadb.sys' order by user") ==
            rows{{"oneloop", "%"}, {"root", "localhost"}}
        );
        CHECK(server.processlist().empty());
        client guest(server.port());
        CHECK_THAT(guest.greeting(), containing("mysql_native_password"));
        CHECK_FALSE(guest.offers_tls());
        const auto seen = server.processlist();
        REQUIRE(seen.size() == 1);
        CHECK(seen[0][1] == "unauthenticated user");
        CHECK_THAT(server.log(), containing("ready for connections"));
    }
    CHECK_FALSE(exists(directory));
    require_same_resources(before);
}

TEST_CASE("mariadb_server dies and comes back at the same port with its data", "[mariadb_server]") {
    mariadb_server server;
    server.execute("create table t (n int); insert into t values (7)");
    server.kill();
    CHECK_THROWS_WITH(client(server.port()), containing("refused"));
    CHECK_THROWS(server.execute("select 1"));
    server.start();
    CHECK(client(server.port()).greeting().size() > 50);
    server.kill_and_restart();
    server.restart();
    CHECK(server.execute("select n from t") == rows{{"7"}});
}

TEST_CASE("mariadb_server takes options and speaks TLS", "[mariadb_server]") {
    temp_dir dir;
    certificate_authority authority(dir.path());
    mariadb_server server(mariadb_options().tls(authority.issue("localhost")).config("max_connections=10"));
    CHECK(client(server.port()).offers_tls());
    CHECK(server.execute("select @@max_connections, @@have_ssl") == rows{{"10", "YES"}});
}

TEST_CASE("mariadb_server with a wrong option is an error that shows why", "[mariadb_server]") {
    CHECK_THROWS_WITH(
        mariadb_server(mariadb_options().config("no-such-option")),
        containing("unknown option '--no-such-option'")
    );
}
