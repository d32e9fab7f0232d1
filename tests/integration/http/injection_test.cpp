#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/scripted_answers.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <functional>
#include <vector>

using namespace oneloop;
using namespace oneloop::testing;

// CR, LF and NUL in every string that a request is made of: no byte of it may become a line of its own.

namespace {

const std::vector<std::string> breaks{"\r\n", "\n", "\r", std::string(1, '\0')};

// %0D%0A for "\r\n".
std::string encoded(const std::string& text) {
    std::string all;
    for (const char c : text)
        all += c == '\r'   ? "%0D"
               : c == '\n' ? "%0A"
               : c == '\0' ? "%00"
               : c == ' '  ? "%20"
                           : std::string(1, c);
    return all;
}

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

bool is_one_line(const std::string& text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
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

TEST_CASE("injection: nor do the strings of a download", "[http][security][download]") {
    tcp_server server(answers());
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        for (const auto& line_break : breaks) {
            http::download_options checked;
            checked.sha256(std::string(60, 'a') + line_break + "aa");
            auto sum = co_await http.download(server.url(), (dir.path() / "a").string(), checked, nothrow);
            check_failure(sum, condition::argument, phase::none, "", outcome::not_sent);
        }
        const std::string cut = dir.path().string() + std::string("/b\0c", 4);
        auto file = co_await http.download(server.url(), cut, nothrow);
        check_failure(file, condition::argument, phase::none, "", outcome::not_sent);
        auto into = co_await http.download_into(server.url(), cut, nothrow);
        check_failure(into, condition::argument, phase::none, "", outcome::not_sent);
        CHECK(server.requests().empty());
        // For the system a line break is a character like others, and the server is told nothing of it
        const std::string odd = dir.path().string() + "/d\r\nX-Injected: yes";
        auto stored = co_await http.download(server.url(), odd);
        CHECK(stored.file() == odd);
        CHECK(std::filesystem::file_size(odd) == 2);
        CHECK_THAT(last(server), !containing("X-Injected"));
    });
}

TEST_CASE("injection: nor do the strings of a client", "[http][security]") {
    using options = http::client_options;
    boost::asio::io_context loop(1);
    for (const auto& line_break : breaks) {
        const std::string text = "a" + line_break + "X-Injected: yes";
        const std::vector<std::pair<const char*, options>> all{
            {"header name", options().header(text, "v")},
            {"header value", options().header("X-A", text)},
            {"user agent", options().user_agent(text)},
            {"base URL", options().base_url("http://a.test/" + text)},
            {"base URL, user", options().base_url("http://" + encoded(text).substr(0, 8) + ":p@a.test/")},
            {"proxy", options().proxy("http://proxy.test:1" + text)},
            {"proxy, user", options().proxy("http://" + text + ":p@proxy.test:1")},
            {"proxy, user encoded", options().proxy("http://u" + encoded(line_break) + ":p@proxy.test:1")},
            {"proxy, password encoded",
             options().proxy("http://u:p" + encoded(line_break) + "@proxy.test:1")},
            {"SOCKS, user encoded", options().proxy("socks5://u" + encoded(line_break) + ":p@proxy.test:1")},
            {"no_proxy", options().proxy("http://proxy.test:1").no_proxy(text)},
            {"no_proxy, address", options().proxy("http://proxy.test:1").no_proxy("127.0.0.1" + line_break)},
            {"unix socket", options().unix_socket("/tmp/" + text + std::string(200, 'x'))},
        };
        for (const auto& [which, bad] : all) {
            INFO(which << ", break " << encoded(line_break));
            std::string why;
            try {
                const http::client http(loop.get_executor(), bad);
            } catch (const error& e) {
                CHECK(e.code() == condition::argument);
                why = e.what();
            }
            CHECK(why != "");
            CHECK(is_one_line(why));
        }
    }
}
