#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/injections.hpp"
#include "tests/integration/http/scripted_answers.hpp"
#include "tests/support/temp_dir.hpp"

#include <functional>
#include <vector>

using namespace oneloop;
using namespace oneloop::testing;

// CR, LF and NUL in every string that a request is made of: no byte of it may become a line of its own.

namespace {

awaitable<> no_pieces(yield<std::string>& out) {
    co_await out("piece");
}

enum class fate { refused, harmless };

class row {
public:
    const char* which;
    fate expected;
    // What is asked for with this text in one of its strings.
    std::function<http::request(const std::string& url, const std::string& text)> make;
};

using text_t = const std::string&;

http::request with(text_t url, http::request_options options) {
    return http::request(url).options(std::move(options));
}
http::request with_user(text_t url, text_t user) {
    return http::request("http://" + user + "@" + url.substr(7));
}
http::request posted(text_t url, http::body what) {
    return http::request("POST", url).body(std::move(what));
}

std::vector<row> rows(const executor& loop) {
    using options = http::request_options;
    using enum fate;
    return {
        {"method", refused, [](text_t url, text_t t) { return http::request("GET" + t, url); }},
        {"URL", refused, [](text_t url, text_t t) { return http::request(url + t); }},
        {"URL, query", refused, [](text_t url, text_t t) { return http::request(url + "?q=" + t); }},
        {"URL, fragment", refused, [](text_t url, text_t t) { return http::request(url + "#" + t); }},
        {"URL, user", refused, [](text_t url, text_t t) { return with_user(url, t + ":p"); }},
        {"URL, user encoded", refused,
         [](text_t url, text_t t) { return with_user(url, encoded(t) + ":p"); }},
        {"URL, password encoded", refused,
         [](text_t url, text_t t) { return with_user(url, "u:" + encoded(t)); }},
        {"URL, user encoded, digest", refused,
         [](text_t url, text_t t) {
             return with_user(url, encoded(t).substr(0, 4) + "X:p").options(options().digest_auth("", ""));
         }},
        {"header name", refused, [](text_t url, text_t t) { return with(url, options().header(t, "v")); }},
        {"header value", refused, [](text_t url, text_t t) { return with(url, options().header("X-A", t)); }},
        {"Cookie", refused,
         [](text_t url, text_t t) { return with(url, options().header("Cookie", "a=" + t)); }},
        {"Host", refused, [](text_t url, text_t t) { return with(url, options().header("Host", t)); }},
        {"bearer", refused, [](text_t url, text_t t) { return with(url, options().bearer(t)); }},
        {"basic user", refused,
         [](text_t url, text_t t) { return with(url, options().basic_auth(t.substr(0, 3), "p")); }},
        {"basic password", refused,
         [](text_t url, text_t t) { return with(url, options().basic_auth("u", t)); }},
        {"digest user", refused,
         [](text_t url, text_t t) { return with(url, options().digest_auth(t, "p")); }},
        {"digest password", refused,
         [](text_t url, text_t t) { return with(url, options().digest_auth("u", t)); }},
        {"type of a body", refused,
         [](text_t url, text_t t) { return posted(url, http::body("b", "a/b" + t)); }},
        {"type of an upload", refused,
         [loop](text_t url, text_t t) {
             return posted(url, http::upload(generator<std::string>(loop, no_pieces)).type("a/b" + t));
         }},
        {"type of a file in a form", refused,
         [](text_t url, text_t t) {
             return posted(url, http::multipart().file("f", "n", "bytes", "a/b" + t));
         }},
        {"query name", harmless, [](text_t url, text_t t) { return with(url, options().query(t, "v")); }},
        {"query value", harmless, [](text_t url, text_t t) { return with(url, options().query("q", t)); }},
        {"form name", harmless, [](text_t url, text_t t) { return posted(url, http::form().field(t, "v")); }},
        {"form value", harmless,
         [](text_t url, text_t t) { return posted(url, http::form().field("f", t)); }},
        {"part's name", harmless,
         [](text_t url, text_t t) { return posted(url, http::multipart().field(t, "v")); }},
        {"file part's name", harmless,
         [](text_t url, text_t t) { return posted(url, http::multipart().file(t, "n", "bytes")); }},
        {"file's name", harmless,
         [](text_t url, text_t t) { return posted(url, http::multipart().file("f", t, "bytes")); }},
    };
}

template <class T>
failure failure_of(const result<T>& r) {
    return r.has_error() ? r.error() : failure();
}

// Every way to ask; without a code it was sent.
awaitable<std::vector<failure>> ask_in_every_way(
    http::client& http, http::request what, std::string directory
) {
    std::vector<failure> all;
    auto sent = co_await http.send(what, nothrow);
    all.push_back(failure_of(sent));
    auto streamed = co_await http.stream(what, nothrow);
    all.push_back(failure_of(streamed));
    const std::vector<http::request> one{what};
    auto each = http.fetch_each(one, 1);
    auto fetched = co_await each.next();
    all.push_back(fetched->ok() ? failure() : fetched->error());
    if (what.method() != "GET" || what.body())
        co_return all;
    auto got = co_await http.get(what.url(), what.options(), nothrow);
    all.push_back(failure_of(got));
    http::download_options options(what.options());
    options.sync(false);
    auto saved = co_await http.download(what.url(), directory + "/file", options, nothrow);
    all.push_back(failure_of(saved));
    auto named = co_await http.download_into(what.url(), directory, options, nothrow);
    all.push_back(failure_of(named));
    co_return all;
}

} // namespace

TEST_CASE("injection: no string of a request becomes a line of its own", "[http][security]") {
    tcp_server server(answers());
    const temp_dir dir;
    std::size_t sent = 0;
    with_client([&](http::client& http) -> awaitable<> {
        const auto all_rows = rows(co_await this_coro::executor);
        for (const auto& each : all_rows)
            for (const auto& line_break : breaks) {
                const auto what = each.make(server.url(), "a" + line_break + "X-Injected: yes");
                auto ends = co_await ask_in_every_way(http, what, dir.path().string());
                for (const auto& end : ends) {
                    INFO(each.which << ", break " << encoded(line_break) << ": " << end.message());
                    CHECK(bool(end.code()) == (each.expected == fate::refused));
                    if (each.expected == fate::refused) {
                        CHECK(end == condition::argument);
                        CHECK(end.outcome() == outcome::not_sent);
                        CHECK(is_one_line(end.message()));
                    } else {
                        ++sent;
                    }
                }
            }
    });
    CHECK(server.requests().size() == sent);
    for (const auto& each : server.requests())
        for (const auto& line_break : breaks)
            CHECK_THAT(each.bytes, !containing(line_break + "X-Injected"));
}
