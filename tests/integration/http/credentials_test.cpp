#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripted_answers.hpp"

using namespace oneloop;
using namespace oneloop::testing;

namespace {

const std::string challenge =
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
    "Content-Length: 2\r\n\r\nno";

std::string with_user(const tcp_server& server, const std::string& user) {
    return "http://" + user + "@" + server.url().substr(7);
}

} // namespace

TEST_CASE("credentials: none becomes a line after a challenge", "[http][security]") {
    tcp_server server(script().expect(whole_request).send(challenge).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        const auto digest = http::request_options().digest_auth("a\r\nX-Admin: 1", "p");
        auto given = co_await http.get(server.url(), digest, nothrow);
        check_failure(given, condition::argument, phase::none, "", outcome::not_sent);
        CHECK_THAT(given.error().message(), containing("a line break"));
        const auto of_url = http::request_options().digest_auth("", "");
        auto in_url = co_await http.get(with_user(server, "a%0d%0aX-Admin:%201:p"), of_url, nothrow);
        check_failure(in_url, condition::argument, phase::none, "", outcome::not_sent);
        CHECK_THAT(in_url.error().message(), containing("a line break"));
        CHECK_THAT(in_url.error().message(), !containing("X-Admin"));
        CHECK(server.requests().empty());
        // What the quotes of the field would end with is escaped
        auto quoted = co_await http.get(server.url(), http::request_options().digest_auth("a\"b\\", "p"));
        CHECK(quoted.status() == 401);
        CHECK_THAT(last(server), containing("username=\"a\\\"b\\\\\""));
    });
}

TEST_CASE("credentials: every control character is refused, DEL too", "[http][security]") {
    tcp_server server(answers());
    with_client([&](http::client& http) -> awaitable<> {
        for (int c = 0; c <= 0x7f; c = c == ' ' - 1 ? 0x7f : c + 1) {
            const std::string bad{'u', static_cast<char>(c)};
            const auto user = http::request_options().basic_auth(bad, "p");
            auto first = co_await http.get(server.url(), user, nothrow);
            check_failure(first, condition::argument, phase::none, "", outcome::not_sent);
            const auto password = http::request_options().digest_auth("u", bad);
            auto second = co_await http.get(server.url(), password, nothrow);
            check_failure(second, condition::argument, phase::none, "", outcome::not_sent);
        }
        CHECK(server.requests().empty());
        const auto fine = http::request_options().basic_auth("ü ~", "p:\xff ");
        auto page = co_await http.get(server.url(), fine);
        CHECK_THAT(last(server), containing("\r\nAuthorization: Basic w7wgfjpwOv8g\r\n"));
    });
}

TEST_CASE("credentials: a colon in the name is not taken for its end", "[http][security]") {
    tcp_server server(script().expect(whole_request).send(challenge).repeat());
    with_client([&](http::client& http) -> awaitable<> {
        const auto basic = http::request_options().basic_auth("ada:x", "p");
        auto refused = co_await http.get(server.url(), basic, nothrow);
        check_failure(refused, condition::argument, phase::none, "", outcome::not_sent);
        CHECK_THAT(refused.error().message(), containing("a colon in the user name"));
        auto in_url = co_await http.get(with_user(server, "ada%3Ax:p"), nothrow);
        check_failure(in_url, condition::argument, phase::none, "", outcome::not_sent);
        CHECK(server.requests().empty());
        auto digest = co_await http.get(server.url(), http::request_options().digest_auth("ada:x", "p"));
        CHECK(digest.status() == 401);
        CHECK_THAT(last(server), containing("username=\"ada:x\""));
    });
}

TEST_CASE("credentials: a password without a name is sent", "[http]") {
    tcp_server server(answers());
    with_client([&](http::client& http) -> awaitable<> {
        co_await http.get(server.url(), http::request_options().basic_auth("", "key"));
        CHECK_THAT(last(server), containing("\r\nAuthorization: Basic OmtleQ==\r\n"));
        co_await http.get(server.url(), http::request_options().basic_auth("key", ""));
        CHECK_THAT(last(server), containing("\r\nAuthorization: Basic a2V5Og==\r\n"));
    });
}
