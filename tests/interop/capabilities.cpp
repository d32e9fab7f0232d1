#include "tests/interop/capabilities.hpp"

#include "tests/interop/checks.hpp"
#include "tests/support/temp_dir.hpp"

namespace oneloop::testing {
namespace {

constexpr std::size_t five = 5 << 20, large = 8 << 20, text_size = 128 << 10;

awaitable<> download(http::client& http, std::string site) {
    const temp_dir dir;
    const auto whole = co_await http.get(site + "/hello");
    require_status(whole, 200);
    require_body(whole.body(), "hello\n");
    require(whole.certainly_complete() || whole.version() == "HTTP/2", "it may be incomplete");
    const auto saved = co_await http.download_into(site + "/hello", dir.path().string());
    require_body(read_file(saved.file()), "hello\n");
}

awaitable<> form(http::client& http, std::string site) {
    const auto answer = co_await http.post(
        site + "/form", http::form().field("name", "Ada & Æon=100%").field("value", "a+b c/d?e")
    );
    require_status(answer, 200);
    // Some escape what is not ASCII, some do not
    const bool escaped = answer.body().find("\\u00c6") != std::string::npos;
    require_part(answer.body(), escaped ? R"("name": "Ada & \u00c6on=100%")" : R"("name": "Ada & Æon=100%")");
    require_part(answer.body(), R"("value": "a+b c/d?e")");
}

awaitable<> json(http::client& http, std::string site) {
    const auto answer = co_await http.post(
        site + "/json", http::body(R"({"list": [1, 2.5, null], "text": "a\"b"})", "application/json")
    );
    require_status(answer, 200);
    require_part(answer.body(), R"("list": [1, 2.5, null])");
    require_part(answer.body(), R"("text": "a\"b")");
}

awaitable<> large_body(http::client& http, std::string site) {
    const auto bytes = numbered_lines(five);
    const auto answer = co_await http.post(site + "/upload", http::body(bytes));
    require_status(answer, 200);
    require_body(answer.body(), length_and_sha256(bytes));
}

awaitable<> streamed_upload(http::client& http, std::string site) {
    const auto bytes = numbered_lines(five);
    const auto answer = co_await http.post(site + "/upload", unannounced(http.get_executor(), bytes));
    require_status(answer, 200);
    require_body(answer.body(), length_and_sha256(bytes));
}

awaitable<> large_stream(http::client& http, std::string site) {
    auto stream = co_await http.stream(site + "/large");
    std::size_t pieces = 0;
    const auto body = co_await read_whole(stream, pieces);
    require(stream.head().status() == 200, "the status is " + std::to_string(stream.head().status()));
    require_body(body, numbered_lines(large));
    require(pieces > 1, "it came in one piece");
    require(stream.certainly_complete(), "it may be incomplete");
}

awaitable<> redirects(http::client& http, std::string site) {
    const auto got = co_await http.get(site + "/redirect/2");
    require_status(got, 200);
    require_body(got.body(), "hello\n");
    require(got.redirected_from().size() == 2, "not 2 redirects");
    const auto bytes = numbered_lines(64 << 10);
    const auto posted = co_await http.post(site + "/moved", http::body(bytes)); // 307: sent once more
    require_status(posted, 200);
    require_body(posted.body(), length_and_sha256(bytes));
}

awaitable<> compressed(http::client& http, std::string url, std::string how) {
    const auto text = numbered_lines(text_size);
    const auto answer = co_await http.get(url);
    require_status(answer, 200);
    const auto told = answer.headers().get("Content-Encoding");
    require(told && *told == how, "it is not compressed");
    require_body(answer.body(), text);
    auto stream = co_await http.stream(url);
    std::size_t pieces = 0;
    const auto body = co_await read_whole(stream, pieces);
    require_body(body, text);
}
awaitable<> gzip(http::client& http, std::string site) {
    return compressed(http, site + "/gzip", "gzip");
}
awaitable<> deflate(http::client& http, std::string site) {
    return compressed(http, site + "/deflate", "deflate");
}
awaitable<> brotli(http::client& http, std::string site) {
    return compressed(http, site + "/br", "br");
}

awaitable<> kept_alive(http::client& http, std::string site) {
    return keep_alive(http, site + "/hello", 5);
}

awaitable<> absent(http::client& http, std::string site) {
    const auto answer = co_await http.get(site + "/absent");
    require_status(answer, 404);
    require(!answer.body().empty(), "there is no body");
}

awaitable<> chunked(http::client& http, std::string site) {
    const auto answer = co_await http.get(site + "/chunked");
    require_status(answer, 200);
    require_body(answer.body(), "one\ntwo\nthree\n");
    require(!answer.headers().get("Content-Length"), "a length was announced");
    // Over HTTP/2 libcurl cannot tell; see response::certainly_complete
    require(answer.version() == "HTTP/2" || answer.certainly_complete(), "it may be incomplete");
}

awaitable<> thirty_at_once(http::client& http, std::string site) {
    return at_once(http, site + "/hello", 30);
}

} // namespace

const std::vector<capability>& capabilities() {
    static const std::vector<capability> all{
        {"download", download},
        {"form", form},
        {"JSON", json},
        {"5 MiB body", large_body},
        {"streamed upload", streamed_upload},
        {"8 MiB stream", large_stream},
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
