// When a body counts as whole.

#include "http_client/sha256.hpp"
#include "tests/integration/http/downloads.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using strings = std::vector<std::string>;

namespace {

const std::string bytes = pattern(1000);
const std::string untold = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\n\r\n" + bytes; // up to the connection's end

http::download_options options() {
    return {};
}

void check_refused(const one_download& d) {
    check_failure(d.answer, condition::protocol, phase::receive, "", outcome::answered);
    CHECK_THAT(d.answer.error().message(), containing("nothing proves that the body is whole"));
    CHECK_THAT(d.answer.error().message(), containing("download_options::accept_unproven_end"));
    CHECK(d.asked == 1);
}

void check_stored(const one_download& d, const std::string& what = bytes) {
    INFO((d.answer ? "" : d.answer.error().message()));
    REQUIRE(d.answer);
    CHECK(d.content == what);
    CHECK(d.left == strings{"file"});
}

} // namespace

TEST_CASE("download: what ends with the connection is no file", "[http][download][check][fault]") {
    const std::string head = untold.substr(0, untold.size() - bytes.size());
    for (const auto& answer :
         {untold, head, untold.substr(0, untold.size() - 500), "HTTP/1.0 200 OK\r\n\r\n" + bytes,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n" + bytes}) {
        const one_download d({answer}, options());
        check_refused(d);
        CHECK(d.left.empty());
    }
    const one_download unpacked(
        {untold}, options().request(http::request_options().compressed(true).retry(retry_policy()))
    );
    check_refused(unpacked);
}

TEST_CASE("download: what ends with the connection leaves an old file", "[http][download][check][fault]") {
    auto server = answers_in_turn({untold});
    const temp_dir dir;
    dir.write("file", "old");
    with_client([&](http::client& http) -> awaitable<> {
        auto refused = co_await http.download(server.url(), dir / "file", nothrow);
        CHECK(refused.error() == condition::protocol);
        co_await http.close();
    });
    CHECK(names_in(dir.path()) == strings{"file"});
    CHECK(read_file(dir / "file") == "old");
}

TEST_CASE("download: what ends with the connection, and is taken all the same", "[http][download][check]") {
    const one_download d({untold}, options().accept_unproven_end());
    check_stored(d);
    CHECK_FALSE(d.answer->certainly_complete());
    const one_download old({"HTTP/1.0 200 OK\r\n\r\n" + bytes}, options().accept_unproven_end());
    check_stored(old);
    const one_download cut( // where there is a proof, it counts
        {cut_answer("200 OK", "", bytes, 400)}, options().accept_unproven_end()
    );
    CHECK(cut.answer.error() == condition::network);
    CHECK(cut.left.empty());
}

TEST_CASE("download: a checksum or a size proves the end", "[http][download][check][fault]") {
    const std::string sum = http::sha256::of(bytes);
    check_stored(one_download({untold}, options().sha256(sum)));
    check_stored(one_download({untold}, options().expected_size(bytes.size())));
    const std::string cut = untold.substr(0, untold.size() - 1);
    for (const bool accepted : {false, true}) {
        const one_download other({cut}, options().sha256(sum).accept_unproven_end(accepted));
        check_failure(other.answer, condition::protocol, phase::file, "", outcome::answered);
        CHECK(other.left.empty());
        const one_download few({cut}, options().expected_size(bytes.size()).accept_unproven_end(accepted));
        check_failure(few.answer, condition::protocol, phase::receive, "", outcome::answered);
        CHECK(few.left.empty());
    }
}

TEST_CASE("download: what tells its end is whole, whatever the version", "[http][download][check]") {
    const std::string length = "Content-Length: 1000\r\n\r\n" + bytes;
    const std::string chunks = "\r\n\r\n3e8\r\n" + bytes + "\r\n0\r\n\r\n";
    check_stored(one_download({"HTTP/1.0 200 OK\r\n" + length}, options()));
    check_stored(one_download({"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length}, options()));
    for (const char* name : {"chunked", "Chunked"})
        check_stored(
            one_download({"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + std::string(name) + chunks}, options())
        );
    check_stored(one_download({"HTTP/1.1 204 No Content\r\n\r\n"}, options()), "");
}

TEST_CASE("download: an error that ends with the connection is an answer", "[http][download][check]") {
    const one_download d({"HTTP/1.0 404 Not Found\r\n\r\nnothing here"}, options());
    REQUIRE(d.answer);
    CHECK(d.answer->status() == 404);
    CHECK(d.left.empty());
}

TEST_CASE(
    "download: what ends with the connection is proved by the next call", "[http][download][check][resume]"
) {
    const std::string last = "Content-Range: bytes 999-999/1000\r\nETag: \"v1\"\r\n";
    auto server = answers_in_turn({untold, answer_with("206 Partial", last, bytes.substr(999))});
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        auto refused = co_await http.download(server.url(), dir / "file", options().resume(), nothrow);
        check_failure(refused, condition::protocol, phase::receive, "", outcome::answered);
        co_await http.close();
    });
    CHECK(names_in(dir.path()) == strings{"file.part", "file.part.info"});
    with_client([&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download(server.url(), dir / "file", options().resume());
        CHECK(answer.resumed_from() == 1000);
    });
    CHECK(read_file(dir / "file") == bytes);
    CHECK(names_in(dir.path()) == strings{"file"});
}
