#include "tests/interop/capabilities.hpp"
#include "tests/interop/checks.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>

namespace oneloop::testing {
namespace {

// It gives back what it got, in JSON; a body that is text is there as a string.
std::string as_json_string(const std::string& lines) {
    std::string quoted = "\"data\": \"";
    for (const char c : lines)
        c == '\n' ? quoted += "\\n" : quoted += c;
    return quoted += '"';
}

awaitable<> download(http::client& http, std::string site) {
    const temp_dir dir;
    const auto saved = co_await http.download_into(site + "/robots.txt", dir.path().string());
    require_status(saved, 200);
    require_part(read_file(saved.file()), "Disallow: /deny");
}

awaitable<> form(http::client& http, std::string site) {
    const auto answer = co_await http.post(
        site + "/post", http::form().field("name", "Ada & Æon=100%").field("value", "a+b c/d?e")
    );
    require_status(answer, 200);
    require_part(answer.body(), R"("form": {"name": "Ada & \u00c6on=100%", "value": "a+b c/d?e"})");
}

awaitable<> json(http::client& http, std::string site) {
    const auto answer = co_await http.post(
        site + "/post", http::body(R"({"list": [1, 2.5, null], "text": "a\"b"})", "application/json")
    );
    require_status(answer, 200);
    require_part(answer.body(), R"("json": {"list": [1, 2.5, null], "text": "a\"b"})");
}

awaitable<> large_body(http::client& http, std::string site) {
    const auto lines = numbered_lines(5 << 20);
    const auto answer = co_await http.post(site + "/post", http::body(lines));
    require_status(answer, 200);
    require_part(answer.body(), as_json_string(lines));
}

awaitable<> streamed_upload(http::client& http, std::string site) {
    const auto lines = numbered_lines(5 << 20);
    const auto answer = co_await http.post(site + "/post", unannounced(http.get_executor(), lines));
    require_status(answer, 200);
    require_part(answer.body(), as_json_string(lines));
}

awaitable<> stream(http::client& http, std::string site) {
    std::size_t pieces = 0;
    auto reader = co_await http.stream(site + "/range/102400?chunk_size=1024");
    const auto body = co_await read_whole(reader, pieces);
    std::string letters;
    for (int i = 0; i < 102400; ++i)
        letters += static_cast<char>('a' + i % 26);
    require_body(body, letters);
    require(reader.certainly_complete(), "it may be incomplete");
}

awaitable<> redirects(http::client& http, std::string site) {
    const auto got = co_await http.get(site + "/redirect/3");
    require_status(got, 200);
    require(got.redirected_from().size() == 3, "not 3 redirects");
    const auto absolute = co_await http.get(site + "/absolute-redirect/2");
    require_status(absolute, 200);
    const auto posted =
        co_await http.post(site + "/redirect-to?status_code=307&url=/post", http::text("sent once more"));
    require_status(posted, 200);
    require_part(posted.body(), R"("data": "sent once more")");
}

awaitable<> compressed(http::client& http, std::string url, std::string mark) {
    const auto answer = co_await http.get(url);
    require_status(answer, 200);
    require(answer.headers().contains("Content-Encoding"), "it is not compressed");
    require_part(answer.body(), '"' + mark + "\": true");
}
awaitable<> gzip(http::client& http, std::string site) {
    return compressed(http, site + "/gzip", "gzipped");
}
awaitable<> deflate(http::client& http, std::string site) {
    return compressed(http, site + "/deflate", "deflated");
}
awaitable<> brotli(http::client& http, std::string site) {
    return compressed(http, site + "/brotli", "brotli");
}

awaitable<> kept_alive(http::client& http, std::string site) {
    return keep_alive(http, site + "/get", 5);
}

awaitable<> absent(http::client& http, std::string site) {
    const auto asked_for = co_await http.get(site + "/status/404");
    require_status(asked_for, 404);
    const auto nowhere = co_await http.get(site + "/nowhere");
    require_status(nowhere, 404);
    require(!nowhere.body().empty(), "there is no body");
}

awaitable<> chunked(http::client& http, std::string site) {
    const auto answer = co_await http.get(site + "/stream/5");
    require_status(answer, 200);
    require(!answer.headers().contains("Content-Length"), "a length was announced");
    require(std::ranges::count(answer.body(), '\n') == 5, "not 5 lines");
    require(answer.certainly_complete(), "it may be incomplete");
}

awaitable<> thirty_at_once(http::client& http, std::string site) {
    return at_once(http, site + "/get", 30);
}

} // namespace

const std::vector<capability>& capabilities_of_httpbin() {
    static const std::vector<capability> all{
        {"download", download},
        {"form", form},
        {"JSON", json},
        {"5 MiB body", large_body},
        {"streamed upload", streamed_upload},
        {"8 MiB stream", stream}, // it gives 100 KiB at most
        {"redirects", redirects},
        {"gzip", gzip},
        {"deflate", deflate},
        {"brotli", brotli},
        {"keep-alive", kept_alive},
        {"404", absent},
        {"unknown length", chunked},
        {"30 at once", thirty_at_once},
    };
    return all;
}

} // namespace oneloop::testing
