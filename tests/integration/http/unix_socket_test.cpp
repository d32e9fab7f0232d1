#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/temp_dir.hpp"

using namespace oneloop;
using namespace oneloop::testing;

TEST_CASE("unix socket: every request goes there, whatever its URL names", "[http][unix]") {
    nginx server(
        nginx_options().unix_socket().server("location = /host { return 200 \"$http_host $remote_addr\"; "
                                             "}\nlocation = /to { return 302 http://b.test/host; }\n")
    );
    // It would be refused, were it asked; and no resolver knows these names
    const auto guarded =
        http::client_options().unix_socket(server.unix_path()).guard(http::address_guard::public_only());
    with_client(guarded, [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get("http://no.such.host.test/host");
        CHECK(page.body() == "no.such.host.test unix:");
        CHECK(page.peer_address() == server.unix_path());
        CHECK(page.times().resolve < std::chrono::milliseconds(100));
        page = co_await http.get("http://127.0.0.1:1/host");
        CHECK(page.body() == "127.0.0.1:1 unix:");
        page = co_await http.get("http://no.such.host.test/to");
        CHECK(page.body() == "b.test unix:");
        page = co_await http.post("http://no.such.host.test/status/200", http::text("body"));
        CHECK(page.status() == 200);
        page = co_await http.get("http://no.such.host.test/host");
        CHECK(page.reused_connection());
    });
}

TEST_CASE("unix socket: nobody listens", "[http][unix][fault]") {
    const temp_dir dir;
    const auto options = http::client_options().unix_socket((dir / "gone").string());
    with_client(options, [&](http::client& http) -> awaitable<> {
        auto r = co_await http.get("http://a.test/", nothrow);
        check_failure(r, condition::network, phase::connect, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("No such file"));
    });
}

TEST_CASE("unix socket: a path that cannot be one", "[http][unix]") {
    boost::asio::io_context loop(1);
    const auto refused = [&](const http::client_options& options) -> std::string {
        try {
            http::client http(loop.get_executor(), options);
        } catch (const error& e) {
            CHECK(e.code() == condition::argument);
            return e.what();
        }
        return "taken";
    };
    CHECK_THAT(refused(http::client_options().unix_socket(std::string(108, 'x'))), containing("108 bytes"));
    CHECK(refused(http::client_options().unix_socket(std::string(107, 'x'))) == "taken");
    CHECK_THAT(refused(http::client_options().unix_socket(std::string("a\0b", 3))), containing("NUL"));
    CHECK_THAT(
        refused(http::client_options().unix_socket("/a").proxy("http://127.0.0.1:1")),
        containing("exclude each other")
    );
}
