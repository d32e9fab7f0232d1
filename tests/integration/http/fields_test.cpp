#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripted_answers.hpp"

using namespace oneloop;
using namespace oneloop::testing;

// Which header fields a caller may give, and what becomes of them.

TEST_CASE("fields: where a request ends is not for its caller to say", "[http][security]") {
    tcp_server server(answers());
    using field = std::pair<const char*, const char*>;
    with_client([&](http::client& http) -> awaitable<> {
        for (const auto& [name, value] :
             {field("Content-Length", "5"), field("content-length", "0"),
              field("Transfer-Encoding", "chunked"), field("TRANSFER-ENCODING", "identity"),
              field("Upgrade", "websocket"), field("Trailer", "X-A"), field("Connection", "Upgrade"),
              field("Connection", "close, X-A"), field("Connection", ""), field("TE", "gzip"),
              field("Host", ""), field("Host", " \t")}) {
            INFO(name << ": " << value);
            const auto options = http::request_options().header(name, value);
            http::request what("POST", server.url());
            what.body("ten bytes.").options(options);
            auto posted = co_await http.send(what, nothrow);
            REQUIRE(posted.has_error());
            CHECK(posted.error() == condition::argument);
            CHECK(posted.error().outcome() == outcome::not_sent);
            CHECK_THAT(posted.error().message(), containing("the field "));
            auto got = co_await http.get(server.url(), options, nothrow);
            check_failure(got, condition::argument, phase::none, "", outcome::not_sent);
            const auto of_all = http::client_options().header(name, value);
            CHECK_THROWS_AS(http::client(http.get_executor(), of_all), error);
        }
        const auto lengths = http::request_options().header("Content-Length", "5");
        auto refused = co_await http.post(server.url(), "ten bytes.", lengths, nothrow);
        CHECK_THAT(refused.error().message(), containing("give that as `body`, or as `upload`"));
        for (const auto* name : {"Host", "Connection"}) {
            const auto twice = http::request_options().header(name, "close").header(name, "close");
            auto got = co_await http.get(server.url(), twice, nothrow);
            check_failure(got, condition::argument, phase::none, "", outcome::not_sent);
        }
        CHECK(server.requests().empty());
    });
}

TEST_CASE("fields: those that may be given are sent once", "[http]") {
    tcp_server server(answers());
    const auto of_client = http::client_options().header("Host", "client.test");
    with_client(of_client, [&](http::client& http) -> awaitable<> {
        co_await http.get(server.url());
        CHECK_THAT(last(server), containing("\r\nHost: client.test\r\n"));
        const auto options = http::request_options()
                                 .header("host", "other.test")
                                 .header("Connection", "close")
                                 .header("TE", "trailers");
        co_await http.get(server.url(), options);
        CHECK_THAT(last(server), containing("\r\nHost: other.test\r\n"));
        CHECK_THAT(last(server), containing("\r\nConnection: close\r\n"));
        CHECK_THAT(last(server), containing("\r\nTE: trailers\r\n"));
        CHECK_THAT(last(server), !containing("client.test"));
        co_await http.get(server.url(), http::request_options().header("Connection", "Keep-Alive"));
        CHECK_THAT(last(server), containing("\r\nConnection: Keep-Alive\r\n"));
    });
}

TEST_CASE("fields: none is left out because it is empty", "[http]") {
    tcp_server server(answers());
    with_client([&](http::client& http) -> awaitable<> {
        const auto options =
            http::request_options().header("X-Empty", "").header("X-Blank", " ").header("X-Tab", "\t ");
        co_await http.get(server.url(), options);
        for (const auto* name : {"X-Empty", "X-Blank", "X-Tab"})
            CHECK_THAT(last(server), containing("\r\n" + std::string(name) + ":\r\n"));
    });
}

TEST_CASE("fields: one that a client has twice is sent twice", "[http]") {
    tcp_server server(answers());
    const auto of_client = http::client_options().header("X-A", "1").header("x-a", "2").header("X-B", "3");
    with_client(of_client, [&](http::client& http) -> awaitable<> {
        co_await http.get(server.url(), http::request_options().header("X-B", "4"));
        CHECK_THAT(last(server), containing("\r\nX-A: 1\r\n"));
        CHECK_THAT(last(server), containing("\r\nx-a: 2\r\n"));
        CHECK_THAT(last(server), containing("\r\nX-B: 4\r\n"));
        CHECK_THAT(last(server), !containing("X-B: 3"));
    });
}

TEST_CASE("fields: a head that is larger than can be sent is refused before it is", "[http]") {
    const auto large =
        http::request_options().query("q", std::string(50'000, 'q')).header("X-A", std::string(950'000, 'x'));
    const auto most = http::request_options().header("X-A", std::string(300'000, 'x'));
    with_client([&](http::client& http) -> awaitable<> {
        tcp_server server(answers()); // it keeps what it has read
        auto refused = co_await http.get(server.url(), large, nothrow);
        check_failure(refused, condition::argument, phase::none, "", outcome::not_sent);
        CHECK_THAT(refused.error().reason(), containing("no more than 1000000"));
        CHECK(server.requests().empty());
        auto sent = co_await http.get(server.url(), most);
        CHECK(sent.ok());
        auto next = co_await http.get(server.url(), http::request_options().query("q", "short"));
        CHECK(next.reused_connection());
    });
}
