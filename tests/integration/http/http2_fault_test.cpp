// What servers may do to a request over HTTP/2, frame by frame.

#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

enum frame_type : char { data = 0, headers = 1, reset_stream = 3, settings = 4, go_away = 7 };

std::string number(std::uint32_t n) {
    return {
        static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
        static_cast<char>(n)};
}

std::string frame(frame_type type, int flags, std::uint32_t stream, const std::string& payload) {
    return number(static_cast<std::uint32_t>(payload.size())).substr(1) + static_cast<char>(type) +
           static_cast<char>(flags) + number(stream) + payload;
}

constexpr int end_stream = 1, end_headers = 4;

const std::string hello = frame(settings, 0, 0, "") + frame(settings, 1, 0, "");
const std::string ok = "\x88"; // ":status: 200" of the static table
const std::string length_10 =
    "\x0f\x0d\x02"
    "10"; // "content-length: 10"
const std::string refused = number(7), cancelled_by_server = number(8), no_error = number(0);

// Up to and including the first frame of this kind.
std::size_t through(std::string_view read, frame_type wanted, int flag) {
    static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    std::size_t at = read.starts_with("PRI") ? preface.size() : 0;
    while (at + 9 <= read.size()) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(read[at + i]); };
        const std::size_t size = static_cast<std::size_t>(byte(0)) << 16 | byte(1) << 8 | byte(2);
        const bool found = byte(3) == wanted && (byte(4) & flag) == flag;
        at += 9 + size;
        if (found && at <= read.size())
            return at;
    }
    return 0;
}

script request() {
    return script().expect([](std::string_view read) { return through(read, headers, end_headers); });
}

// The client has read our SETTINGS, and what came with them.
script& until_read(script& s) {
    return s.expect([](std::string_view read) { return through(read, settings, 1); });
}

struct h2_script {
    explicit h2_script(std::function<script(std::size_t)> scripts)
        : authority(dir.path()),
          files(authority.issue("server")),
          server(std::move(scripts), tcp_server_options().tls(files.certificate, files.key).alpn("h2")) {}

    http::client_options client() const {
        return http::client_options().trust_file(authority.certificate().string()).http2(true);
    }

    temp_dir dir;
    certificate_authority authority;
    identity files;
    tcp_server server;
};

} // namespace

TEST_CASE("http2: a whole answer", "[http][http2]") {
    h2_script h2([](std::size_t) {
        return request()
            .send(
                hello + frame(headers, end_headers, 1, ok + length_10) +
                frame(data, end_stream, 1, "0123456789")
            )
            .hang();
    });
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(h2.server.url());
        CHECK(page.version() == "HTTP/2");
        CHECK(page.body() == "0123456789");
        CHECK(page.certainly_complete());
    });
}

TEST_CASE("http2: an answer that was cut short is none", "[http][http2][fault]") {
    const std::string half =
        hello + frame(headers, end_headers, 1, ok + length_10) + frame(data, 0, 1, "01234");
    for (const auto& [name, end] : std::vector<std::pair<std::string, std::string>>{
             {"ended early", frame(data, end_stream, 1, "")},
             {"reset without an error", frame(reset_stream, 0, 1, no_error)},
             {"cancelled", frame(reset_stream, 0, 1, cancelled_by_server)},
             {"connection given up", frame(go_away, 0, 0, number(0) + no_error)},
             {"connection closed", ""}})
        DYNAMIC_SECTION(name) {
            h2_script h2([&half, end = end](std::size_t) {
                script plan = request().send(half);
                return until_read(plan).send(end);
            });
            with_client(h2.client(), [&](http::client& http) -> awaitable<> {
                auto r = co_await http.get(h2.server.url(), nothrow);
                INFO((r.has_value() ? "taken for whole: " + r->body() : r.error().message()));
                REQUIRE(r.has_error());
                CHECK((r.error() == condition::network || r.error() == condition::protocol));
                CHECK(r.error().outcome() == outcome::answered);
            });
        }
}

TEST_CASE("http2: where no length is announced, an abort is an error or a doubt", "[http][http2][fault]") {
    for (const std::string& code : {no_error, cancelled_by_server}) {
        h2_script h2([&](std::size_t) {
            script plan =
                request().send(hello + frame(headers, end_headers, 1, ok) + frame(data, 0, 1, "01234"));
            return until_read(plan).send(frame(reset_stream, 0, 1, code)).hang();
        });
        with_client(h2.client(), [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(h2.server.url(), nothrow);
            if (r.has_value())
                CHECK_FALSE(r->certainly_complete());
            else
                CHECK(r.error().outcome() == outcome::answered);
        });
    }
}

TEST_CASE("http2: a file without a length comes over HTTP/1.1, in chunks", "[http][http2][download]") {
    const std::string open_end = hello + frame(headers, end_headers, 1, ok) + frame(data, 0, 1, "01234");
    const auto one_by_one = [&](std::size_t n) {
        if (n == 0)
            return request().send(open_end).hang();
        return script().expect_request().send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
        );
    };
    h2_script h2(one_by_one);
    const temp_dir dir;
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        auto answer = co_await http.download(h2.server.url(), dir / "file");
        CHECK(answer.version() == "HTTP/1.1");
        CHECK(answer.certainly_complete());
    });
    CHECK(read_file(dir / "file") == "abcde");
    CHECK(h2.server.connections() == 2);
}

TEST_CASE("http2: a file with a proof comes as it is", "[http][http2][download]") {
    const std::string head = hello + frame(headers, end_headers, 1, ok);
    const std::string with_length = hello + frame(headers, end_headers, 1, ok + length_10);
    const std::string body = frame(data, end_stream, 1, "0123456789");
    for (const auto& [how, answer] : std::vector<std::pair<http::download_options, std::string>>{
             {http::download_options(), with_length + body},
             {http::download_options().expected_size(10), head + body},
             {http::download_options().accept_unproven_end(), head + body}}) {
        h2_script h2([all = answer](std::size_t) { return request().send(all).hang(); });
        const temp_dir dir;
        with_client(h2.client(), [&](http::client& http) -> awaitable<> {
            auto stored = co_await http.download(h2.server.url(), dir / "file", how);
            CHECK(stored.version() == "HTTP/2");
        });
        CHECK(read_file(dir / "file") == "0123456789");
        CHECK(h2.server.connections() == 1);
    }
}

TEST_CASE("http2: what a server says it has not seen can be asked again", "[http][http2][retry]") {
    for (const auto& [name, no] : std::vector<std::pair<std::string, std::string>>{
             {"refused", frame(reset_stream, 0, 1, refused)},
             {"given up", frame(go_away, 0, 0, number(0) + no_error)}})
        DYNAMIC_SECTION(name) {
            h2_script h2([no = no](std::size_t connection) {
                if (connection == 0)
                    return request().send(hello + no);
                return request()
                    .send(
                        hello + frame(headers, end_headers, 1, ok + length_10) +
                        frame(data, end_stream, 1, "0123456789")
                    )
                    .hang();
            });
            with_client(h2.client(), [&](http::client& http) -> awaitable<> {
                const auto again = http::request_options().retry(retry_policy());
                auto page = co_await http.get(h2.server.url(), again, nothrow);
                INFO((page.has_value() ? "" : page.error().message()));
                REQUIRE(page.has_value());
                CHECK(page->body() == "0123456789");
            });
        }
}

TEST_CASE("http2: an answer that does not wait for the body is given", "[http][http2]") {
    const auto status = GENERATE(values<std::string>({"200", "413"}));
    const auto size = GENERATE(std::size_t{10}, std::size_t{60'000});
    h2_script h2([&](std::size_t) {
        return request()
            .send(hello + frame(headers, end_headers | end_stream, 1, "\x08\x03" + status))
            .hang();
    });
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        auto seen = co_await http.post(
            h2.server.url(), std::string(size, 'x'), http::request_options().total_timeout(5s), nothrow
        );
        INFO(status << ", " << size << (seen.has_value() ? "" : ": " + seen.error().message()));
        REQUIRE(seen.has_value());
        CHECK(std::to_string(seen->status()) == status);
    });
}

// libcurl would repeat it over HTTP/1.1, the third time, whatever it is.
TEST_CASE("http2: a POST with digest is authorized once", "[http][http2][fault]") {
    const std::string asks_who = std::string(
                                     "\x08\x03"
                                     "401"
                                 ) +
                                 "\x0f\x2e\x27" // of the static table: :status, www-authenticate
                                 "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    h2_script h2([&](std::size_t connection) {
        if (connection > 0)
            return script().expect_request().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        return request()
            .send(hello + frame(headers, end_headers | end_stream, 1, asks_who))
            .then(request())
            .send(frame(reset_stream, 0, 3, number(13)))
            .hang();
    });
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        const auto digest = http::request_options().digest_auth("ada", "s3cret");
        auto lost = co_await http.post(h2.server.url(), "body", digest, nothrow);
        REQUIRE(lost.has_error());
        CHECK(lost.error().outcome() == outcome::in_doubt);
        CHECK(h2.server.requests().size() == 2);
        co_await http.close();
    });
}

TEST_CASE(
    "http2: who waits for another's connection goes on when that is cancelled", "[http][http2][cancel]"
) {
    tcp_server silent(script().hang());
    const std::string url = "https://127.0.0.1:" + std::to_string(silent.port()) + "/";
    const auto options = http::client_options().http2(true);
    with_client(options, [&](http::client& http) -> awaitable<> {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            boost::asio::cancellation_signal signal;
            auto token = boost::asio::bind_cancellation_slot(signal.slot(), nothrow);
            auto first = tasks.spawn(http.get(url, token));
            while (silent.connections() == 0)
                co_await sleep_for(1ms);
            const auto patient = http::request_options().connect_timeout(400ms);
            auto second = tasks.spawn(http.get(url, patient, nothrow));
            co_await sleep_for(10ms); // for it to wait; too early is another good test
            signal.emit(boost::asio::cancellation_type::terminal);
            auto cancelled_one = co_await first.get();
            check_failure(cancelled_one, condition::cancelled, phase::tls, "", outcome::not_sent);
            auto late = co_await second.get();
            check_failure(late, condition::timeout, phase::tls, "connect_timeout", outcome::not_sent);
        });
    });
    CHECK(silent.connections() == 2);
}
