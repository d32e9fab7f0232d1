#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/forward_proxy.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <future>
#include <set>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

namespace {

// An nginx that offers HTTP/2, and clients that trust it.
struct h2_server {
    explicit h2_server(const std::string& lines = {}, std::size_t slow = 100'000)
        : authority(dir.path()),
          server(nginx_options().tls(authority.issue("server")).http2().slow_rate(slow).server(lines)) {}

    http::client_options client(bool http2 = true) const {
        return http::client_options().trust_file(authority.certificate().string()).http2(http2);
    }

    temp_dir dir;
    certificate_authority authority;
    nginx server;
};

std::string some_text(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i)
        text += std::to_string(i * 2654435761U) + " ";
    text.resize(size);
    return text;
}

// `n` requests at once.
awaitable<std::vector<http::response>> at_once(http::client& http, std::string url, int n) {
    std::vector<http::response> answers;
    co_await with_task_group([&](task_group& tasks) -> awaitable<> {
        std::vector<task<http::response>> all;
        for (int i = 0; i < n; ++i)
            all.push_back(tasks.spawn(http.get(url)));
        for (auto& one : all) {
            auto answer = co_await one.get();
            answers.push_back(std::move(answer));
        }
    });
    co_return answers;
}

std::size_t connections(const std::vector<nginx::request>& requests) {
    std::set<std::size_t> all;
    for (const auto& r : requests)
        all.insert(r.connection);
    return all.size();
}

} // namespace

TEST_CASE("http2: only where it is asked for, and over https", "[http][http2]") {
    const h2_server h2;
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 2; ++i) { // one and the other on the same handle
            auto page = co_await http.get(h2.server.tls_url("/status/200"));
            CHECK(page.version() == "HTTP/2");
            CHECK(page.certainly_complete());
            page = co_await http.get(h2.server.url("/status/200"));
            CHECK(page.version() == "HTTP/1.1");
        }
    });
    with_client(h2.client(false), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(h2.server.tls_url("/status/200"));
        CHECK(page.version() == "HTTP/1.1");
    });
}

TEST_CASE("http2: a server that does not speak it", "[http][http2]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("server")));
    const auto options = http::client_options().trust_file(authority.certificate().string()).http2(true);
    with_client(options, [&](http::client& http) -> awaitable<> {
        const auto answers = co_await at_once(http, server.tls_url("/status/200"), 20);
        for (const auto& page : answers)
            CHECK(page.version() == "HTTP/1.1");
        CHECK(server.requests(20).size() == 20);
    });
}

TEST_CASE("http2: requests over plain http do not wait for one another's connection", "[http][http2]") {
    const h2_server h2;
    tcp_server plain(
        script().expect_request().wait_for_requests(4).send("HTTP/1.1 204 No Content\r\n\r\n").hang()
    );
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        const auto before = co_await at_once(http, h2.server.tls_url("/status/200"), 4); // on four handles
        CHECK(before.size() == 4);
        const auto answers = co_await at_once(http, plain.url(), 4);
        for (const auto& page : answers)
            CHECK(page.version() == "HTTP/1.1");
    });
    CHECK(plain.connections() == 4);
}

TEST_CASE("http2: through the tunnel of a proxy", "[http][http2][proxy]") {
    const h2_server h2;
    forward_proxy proxy;
    with_client(h2.client().proxy(proxy.url()), [&](http::client& http) -> awaitable<> {
        const auto answers = co_await at_once(http, h2.server.tls_url("/status/200"), 8);
        for (const auto& page : answers)
            CHECK(page.version() == "HTTP/2");
    });
    CHECK(proxy.asked().size() == 1);
}

TEST_CASE("http2: fifty requests at once on one connection", "[http][http2]") {
    h2_server h2;
    const std::string text = some_text(130'000);
    h2.server.serve("slow/text", text);
    with_client(h2.client().max_in_flight_per_host(50), [&](http::client& http) -> awaitable<> {
        const auto answers = co_await at_once(http, h2.server.tls_url("/slow/text"), 50);
        for (const auto& page : answers) {
            CHECK(page.version() == "HTTP/2");
            CHECK(page.body() == text);
        }
    });
    const auto requests = h2.server.requests(50);
    CHECK(connections(requests) == 1);
    CHECK(most_at_once(requests) == 50);
}

TEST_CASE("http2: the limit per host counts streams", "[http][http2]") {
    h2_server h2;
    h2.server.serve("slow/text", some_text(110'000));
    with_client(h2.client().max_in_flight_per_host(3), [&](http::client& http) -> awaitable<> {
        const auto answers = co_await at_once(http, h2.server.tls_url("/slow/text"), 9);
        CHECK(answers.size() == 9);
    });
    const auto requests = h2.server.requests(9);
    CHECK(connections(requests) == 1);
    CHECK(most_at_once(requests) <= 3);
}

TEST_CASE("http2: a cancelled request does not cost the connection", "[http][http2][cancel]") {
    h2_server h2;
    h2.server.serve("slow/big", some_text(3'000'000));
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 3; ++i)
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                boost::asio::cancellation_signal signal;
                auto token = boost::asio::bind_cancellation_slot(signal.slot(), nothrow);
                auto big = tasks.spawn(http.get(h2.server.tls_url("/slow/big"), token));
                while (http.stats().in_flight == 0)
                    co_await sleep_for(1ms);
                auto page = co_await http.get(h2.server.tls_url("/status/200")); // sent after it
                CHECK(page.status() == 200);
                signal.emit(boost::asio::cancellation_type::terminal);
                auto answer = co_await big.get();
                REQUIRE(answer.has_error());
                CHECK(answer.error() == condition::cancelled);
                page = co_await http.get(h2.server.tls_url("/status/204"));
                CHECK(page.status() == 204);
                CHECK(page.reused_connection());
            });
    });
    CHECK(connections(h2.server.requests(9)) == 1);
}

TEST_CASE("http2: a server that ends its connections", "[http][http2][fault]") {
    h2_server h2("keepalive_requests 3;\n");
    const std::string text = some_text(20'000);
    h2.server.serve("text", text);
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 10; ++i) {
            auto page = co_await http.get(h2.server.tls_url("/text"));
            CHECK(page.body() == text);
        }
        auto many = http::request_options().retry(retry_policy());
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            std::vector<task<result<http::response>>> all;
            for (int i = 0; i < 30; ++i)
                all.push_back(tasks.spawn(http.get(h2.server.tls_url("/text"), many, nothrow)));
            for (auto& one : all) {
                auto answer = co_await one.get();
                INFO((answer.has_error() ? answer.error().message() : ""));
                REQUIRE(answer.has_value());
                CHECK(answer->body() == text);
            }
        });
    });
    CHECK(connections(h2.server.requests(40)) > 5);
}

TEST_CASE("http2: compressed bodies, and those sent", "[http][http2]") {
    h2_server h2(
        "gzip on;\ngzip_types text/plain;\ngzip_min_length 1;\n"
        "location /put/ { dav_methods PUT; create_full_put_path on; client_max_body_size 8m; }\n"
    );
    const std::string text = some_text(300'000);
    h2.server.serve("a.txt", text);
    const std::string sent = some_text(1 << 20);
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(h2.server.tls_url("/a.txt"));
        CHECK(page.headers().get("Content-Encoding") == "gzip");
        CHECK(page.body() == text);
        CHECK(page.version() == "HTTP/2");
        for (int i = 0; i < 3; ++i) {
            auto done = co_await http.put(h2.server.tls_url("/put/it"), http::body(sent));
            CHECK((done.status() == 201 || done.status() == 204));
        }
        auto back = co_await http.get(h2.server.tls_url("/put/it"));
        CHECK(back.body() == sent);
        page = co_await http.head(h2.server.tls_url("/put/it")); // after a body, on the same handle
        CHECK(page.status() == 200);
        CHECK(page.body().empty());
    });
    CHECK(connections(h2.server.requests(6)) == 1);
}

TEST_CASE("http2: a request that waits for the disk does not hold up the others", "[http][http2][download]") {
    h2_server h2({}, 4'000'000);
    const std::string big = some_text(8'000'000), small = some_text(50'000);
    h2.server.serve("slow/big", big);
    h2.server.serve("small", small);
    const auto files = h2.dir / "files";
    std::filesystem::create_directories(files);
    const auto bytes_there = [&] {
        std::uintmax_t all = 0;
        for (const auto& entry : std::filesystem::directory_iterator(files))
            all += entry.file_size();
        return all;
    };
    run_test([&]() -> awaitable<> { // not with_client(): the pool gets all its threads here
        http::client http(co_await this_coro::executor, h2.client());
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            std::promise<void> go_on;
            const std::shared_future<void> disk = go_on.get_future().share();
            auto file = tasks.spawn(http.download(h2.server.tls_url("/slow/big"), (files / "big").string()));
            while (bytes_there() == 0)
                co_await sleep_for(1ms);
            for (int i = 0; i < 300; ++i) // nobody writes any more
                tasks.spawn(run_blocking([disk] { disk.wait(); }));
            co_await sleep_for(10ms); // for what is being written
            const auto before = bytes_there();
            for (int i = 0; i < 30; ++i) {
                auto page = co_await http.get(h2.server.tls_url("/small"));
                CHECK(page.body() == small);
                co_await sleep_for(20ms); // in which 80 kB come for the file
            }
            CHECK(bytes_there() == before);
            go_on.set_value();
            auto done = co_await file.get();
            CHECK(done.version() == "HTTP/2");
        });
        co_await http.close();
    });
    CHECK(read_file(files / "big") == big);
    CHECK(connections(h2.server.requests(31)) == 1);
}

TEST_CASE("http2: an answer to a POST that nginx does not read", "[http][http2]") {
    h2_server h2("location /no { return 413; } location /yes { return 200 \"yes\"; }");
    const auto size = GENERATE(std::size_t{10}, std::size_t{60'000}, std::size_t{1'000'000});
    const std::string body(size, 'x');
    with_client(h2.client(), [&](http::client& http) -> awaitable<> {
        auto refused = co_await http.post(h2.server.tls_url("/no"), body);
        CHECK(refused.status() == 413);
        if (size >
            65'535) // which is all that a server takes unread; the rest it should have refused, and did not
            co_return;
        auto taken = co_await http.post(h2.server.tls_url("/yes"), body);
        CHECK(taken.body() == "yes");
    });
}
