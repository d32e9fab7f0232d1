#include "tests/support/catch.hpp"
#include "tests/support/mysql_scripts.hpp"
#include "tests/support/resp_scripts.hpp"

#include <boost/asio.hpp>

#include <mysql.h>

using namespace oneloop::testing;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// All that the server sends after a question, until it closes or `most` bytes have come.
std::string exchange(const script& plan, const std::string& question, std::size_t most) {
    tcp_server server(plan);
    asio::io_context loop;
    tcp::socket socket(loop);
    socket.connect({asio::ip::address_v4::loopback(), server.port()});
    asio::write(socket, asio::buffer(question));
    std::string answer(most, 0);
    boost::system::error_code end;
    answer.resize(asio::read(socket, asio::buffer(answer), end));
    return answer;
}

// What MariaDB's own client makes of a script.
class mysql_client {
public:
    explicit mysql_client(const script& plan) : server_(plan), client_(mysql_init(nullptr)) {
        const my_bool none = 0;
        const unsigned patience = 1;
        mysql_options(client_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &none);
        mysql_options(client_, MYSQL_OPT_CONNECT_TIMEOUT, &patience);
        mysql_options(client_, MYSQL_OPT_READ_TIMEOUT, &patience);
        connected_ =
            mysql_real_connect(client_, "127.0.0.1", "ann", "any", nullptr, server_.port(), nullptr, 0);
    }
    ~mysql_client() { mysql_close(client_); }
    mysql_client(const mysql_client&) = delete;
    mysql_client& operator=(const mysql_client&) = delete;

    bool connected() const { return connected_; }
    unsigned error() const { return mysql_errno(client_); }
    bool query() { return mysql_query(client_, "select 1") == 0; }
    // The values, with | between them and / after each row.
    std::string rows() {
        std::string all;
        MYSQL_RES* result = mysql_store_result(client_);
        if (!result)
            return "none";
        while (MYSQL_ROW fields = mysql_fetch_row(result)) {
            for (unsigned i = 0; i < mysql_num_fields(result); ++i)
                all += std::string(i ? "|" : "") + (fields[i] ? fields[i] : "NULL");
            all += "/";
        }
        mysql_free_result(result);
        return all;
    }
    MYSQL* get() { return client_; }

private:
    tcp_server server_;
    MYSQL* client_;
    bool connected_;
};

} // namespace

TEST_CASE("a scripted server takes a whole command of Redis for a request", "[scripts]") {
    const std::string get = resp::array({resp::bulk("GET"), resp::bulk("a\r\nkey")});
    for (std::size_t length = 0; length < get.size(); ++length)
        CHECK(resp::command(get.substr(0, length)) == 0);
    CHECK(resp::command(get) == get.size());
    CHECK(resp::command(get + get) == get.size());
    CHECK(exchange(resp::answers(resp::bulk("value")), get + get, 22) == "$5\r\nvalue\r\n$5\r\nvalue\r\n");
}

TEST_CASE("rude servers of Redis send what they should not", "[scripts]") {
    const std::string ping = resp::array({resp::bulk("PING")});
    CHECK(exchange(resp::unasked_at_once(), "", 5) == "+OK\r\n");
    CHECK(exchange(resp::unasked_after(resp::integer(-7)), ping, 10) == ":-7\r\n+OK\r\n");
    CHECK(exchange(resp::half_then_close(resp::bulk("value")), ping, 100) == "$5\r\nv");
    CHECK(exchange(resp::byte_by_byte(resp::nil()), ping, 5) == "$-1\r\n");
    CHECK(exchange(resp::endless_line(), ping, 200'000) == "+" + std::string(199'999, 'x'));
    CHECK(exchange(resp::endless_array(), ping, 200'000).size() == 200'000);
    CHECK(resp::nested(2) == "*1\r\n*1\r\n$-1\r\n");
}

TEST_CASE("a scripted server of MySQL lets anybody in and answers", "[scripts]") {
    mysql_client one(mysql::answers(mysql::result({"a", "b"}, {{{"1", "two"}}, {{"3", {}}}})));
    CHECK(one.connected());
    CHECK(std::string(mysql_get_server_info(one.get())) == "10.11.6-MariaDB");
    CHECK(one.query());
    CHECK(one.rows() == "1|two/3|NULL/");

    mysql_client changed(mysql::answers({mysql::ok(3, 9)}));
    CHECK(changed.query());
    CHECK(mysql_affected_rows(changed.get()) == 3);
    CHECK(mysql_insert_id(changed.get()) == 9);

    mysql_client wrong(mysql::answers({mysql::error(1146, "42S02", "no such table")}));
    CHECK_FALSE(wrong.query());
    CHECK(wrong.error() == 1146);
    CHECK(std::string(mysql_sqlstate(wrong.get())) == "42S02");
}

TEST_CASE("rude servers of MySQL are refused by a client", "[scripts]") {
    const std::vector<std::string> answer = mysql::result({"a"}, {{{"value"}}});
    CHECK_FALSE(mysql_client(mysql::silence()).connected());
    CHECK_FALSE(mysql_client(mysql::half_greeting()).connected());
    CHECK(mysql_client(mysql::refusal()).error() == 1040);
    mysql_client(mysql::wrong_number()).query(); // libmariadb 3.3 does not mind
    CHECK_FALSE(mysql_client(mysql::half_then_close({mysql::ok()})).query());
    CHECK(mysql_client(mysql::switches_to("mysql_native_password")).connected());
    CHECK_FALSE(mysql_client(mysql::switches_to("no_such_plugin")).connected());
    CHECK(mysql_client(mysql::one_too_many(answer)).query());

    mysql_client file(mysql::answers({mysql::local_infile("/etc/hostname"), mysql::ok()}));
    const unsigned never = 0;
    mysql_options(file.get(), MYSQL_OPT_LOCAL_INFILE, &never);
    CHECK_FALSE(file.query());
}

// libmariadb reads both for as long as they come: only a limit of time ends that.
TEST_CASE("rude servers of MySQL send without an end", "[scripts]") {
    const std::string packets = mysql::packets(1, {"user"}) + mysql::packets(0, {"query"});
    CHECK(exchange(mysql::huge_packet(), packets, 20'000'000).size() == 20'000'000);
    CHECK(exchange(mysql::endless_rows(), packets, 200'000).size() == 200'000);
}
