#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripted_answers.hpp"
#include "tests/support/nginx.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::literals;

namespace {

// The same 64 bytes, "one two " eight times, as each has them.
constexpr auto zlib = "\x78\xda\xcb\xcf\x4b\x55\x28\x29\xcf\x57\xc8\x27\x93\x06\x00\xee\x36\x16\xe1"sv;
constexpr auto gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xcf\x4b\x55\x28\x29\xcf\x57\xc8\x27\x93\x06"
    "\x00\x82\xea\x67\xde\x40\x00\x00\x00"sv;
constexpr auto brotli =
    "\x1b\x3f\x00\xf8\x8d\x94\xae\xc6\x52\xf9\x56\x46\x97\x20\x6e\x77\xf1\x4f\x38\x40\x94\x07"sv;
constexpr auto zstd =
    "\x28\xb5\x2f\xfd\x24\x40\x75\x00\x00\x40\x6f\x6e\x65\x20\x74\x77\x6f\x20\x01\x00\x7d\x5e"
    "\x2e\xbb\x54\x02\xb8"sv;

std::string text() {
    std::string all;
    for (int i = 0; i < 8; ++i)
        all += "one two ";
    return all;
}

std::string encoded_answer(const std::string& coding, std::string_view bytes) {
    return "HTTP/1.1 200 OK\r\nContent-Encoding: " + coding +
           "\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + std::string(bytes);
}

// This and "ok" in turn.
script in_turn(const std::string& answer) {
    return script().expect(whole_request).send(answer).then(answers());
}

// Of a request's Accept-Encoding: what this libcurl can undo.
bool is_asked_for(const tcp_server& server, const std::string& coding) {
    const std::string request = server.requests().front().bytes;
    const auto at = request.find("Accept-Encoding: ") + 17;
    const std::string all = ", " + request.substr(at, request.find("\r\n", at) - at) + ",";
    return all.find(", " + coding + ",") != all.npos;
}

} // namespace

TEST_CASE(
    "compression: undone, counted as it is undone, and left out where it is in the way", "[http][compression]"
) {
    nginx server(
        nginx_options().server("gzip on; gzip_types *; gzip_min_length 1; location /zip/ { alias www/; } ")
    );
    const std::string text(300'000, 'z');
    server.serve("page", text);
    with_client(http::client_options().max_body(400'000), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.url("/page"));
        CHECK(page.headers().get("content-encoding") == "gzip");
        CHECK(page.body() == text);
        CHECK(page.body_size() == text.size());
        auto plain = co_await http.get(server.url("/page"), http::request_options().compressed(false));
        CHECK_FALSE(plain.headers().contains("content-encoding"));
        auto part =
            co_await http.get(server.url("/page"), http::request_options().header("Range", "bytes=0-9"));
        CHECK(part.status() == 206);
        CHECK(part.body() == text.substr(0, 10));
    });
}

TEST_CASE("compression: a bomb is a limit, whichever comes first", "[http][compression]") {
    nginx server(nginx_options().server("gzip on; gzip_types *; gzip_min_length 1; gzip_comp_level 9;"));
    server.serve("bomb", std::string(20 << 20, '\0'));
    with_client(http::client_options().max_body(1 << 30), [&](http::client& http) -> awaitable<> {
        auto expanded = co_await http.get(server.url("/bomb"), nothrow);
        check_failure(expanded, condition::limit, phase::receive, "max_expansion 200", outcome::answered);
        auto large =
            co_await http.get(server.url("/bomb"), http::request_options().max_body(1 << 20), nothrow);
        check_failure(large, condition::limit, phase::receive, "max_body 1 MiB", outcome::answered);
        auto next = co_await http.get(server.url("/status/200"));
        CHECK(next.ok());
    });
}

TEST_CASE("compression: every way that is asked for is undone", "[http][compression]") {
    for (const auto& each :
         {std::pair("gzip"s, gzip), {"x-gzip", gzip}, {"deflate", zlib}, {"br", brotli}, {"zstd", zstd}}) {
        const auto& coding = each.first;
        const auto& bytes = each.second;
        INFO(coding);
        tcp_server server([&](std::size_t) { return in_turn(encoded_answer(coding, bytes)); });
        with_client([&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(server.url(), nothrow);
            if (!is_asked_for(server, coding == "x-gzip" ? "gzip" : coding)) {
                check_failure(page, condition::protocol, phase::receive, "", outcome::answered);
                co_return;
            }
            REQUIRE(page);
            CHECK(page->body() == text());
            CHECK(page->body_size() == 64);
            CHECK(page->certainly_complete());
            auto as_it_is = co_await http.get(server.url(), http::request_options().compressed(false));
            CHECK(as_it_is.body() == "ok");
            CHECK(as_it_is.reused_connection());
        });
    }
}

TEST_CASE("compression: what cannot be undone is one clear error", "[http][compression][fault]") {
    std::string wrong_sum(gzip), torn(gzip);
    wrong_sum[wrong_sum.size() - 8] ^= 1;
    torn[14] ^= 0x7f;
    for (const auto& each :
         {std::pair("gzip"s, "plain text, and no gzip at all"s),
          {"gzip", wrong_sum},
          {"gzip", torn},
          {"deflate", "no deflate"},
          {"br", "\xff\xff\xff\xff no brotli"},
          {"zstd", "no zstd, whatever it says"},
          {"rot13", "uryyb"}}) {
        const auto& coding = each.first;
        const auto& bytes = each.second;
        INFO(coding << ": " << bytes);
        tcp_server server([&](std::size_t connection) {
            return connection == 0 ? in_turn(encoded_answer(coding, bytes)) : answers();
        });
        with_client([&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(server.url(), nothrow);
            check_failure(page, condition::protocol, phase::receive, "", outcome::answered);
            auto next = co_await http.get(server.url());
            CHECK(next.body() == "ok");
        });
    }
}
