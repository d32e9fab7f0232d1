// The code of docs/http.md, and of the README's part on HTTP. It has to compile; it need not run.

#include <oneloop/http.hpp>
#include <oneloop/http/json.hpp>
#include <oneloop/testing.hpp>

#include <boost/describe/class.hpp>

#include <cassert>
#include <fstream>
#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;

// [crawl]
awaitable<> crawl(std::vector<std::string> urls) {
    auto polite = http::client_options().max_in_flight_per_host(2).max_host_rate(5).retry(retry_policy());
    http::client http(co_await this_coro::executor, polite);
    auto pages = http.fetch_each(urls, 64); // a million URLs take the memory of 64
    while (auto page = co_await pages.next())
        if (page->ok())
            std::cout << page->url() << ": " << page->value().status() << "\n";
        else
            std::cout << page->error().message() << "\n"; // and the others go on
}
// [/crawl]

// [stream]
awaitable<> copy(http::client& http, std::string from, std::string to) {
    auto page = co_await http.stream(from);
    std::cout << page.head().status() << "\n"; // the head is here, the body still to come
    std::ofstream out("copy");
    while (auto piece = co_await page.read()) // as slowly as you like: the server waits
        out << *piece;

    auto again = co_await http.stream(from);
    co_await http.put(to, http::upload(std::move(again))); // what is downloaded here is sent there
}
// [/stream]

// [download]
awaitable<> fetch_image(http::client& http, std::string url, std::string digest) {
    auto careful =
        http::download_options()
            .resume() // what an earlier run has left is gone on with, if it is the same version
            .sha256(digest)
            .request(http::request_options().retry(retry_policy().total_time(1h)).total_timeout(2h))
            .on_progress([](const http::download_progress& p) {
                std::cout << p.bytes() << " bytes, " << p.rate() << " a second\n";
            });
    auto image = co_await http.download(url, "disk.img", careful);
    image.throw_for_status(); // a 404 is an answer, and leaves no file

    auto named = co_await http.download_into(url, "images"); // by the URL's last part, made harmless
    std::cout << named.file() << "\n";
}
// [/download]

// [json]
struct car {
    std::string make;
    int wheels;
};
BOOST_DESCRIBE_STRUCT(car, (), (make, wheels))

awaitable<> sell(http::client& http, std::string url) {
    const car mine{"Volvo", 4};
    auto answer = co_await http.post(url, http::json(mine)); // oneloop/http/json.hpp
    auto sold = http::parse_json<car>(answer.throw_for_status());
    std::cout << sold.make << "\n";
}
// [/json]

// [secure]
awaitable<> behind_walls(std::string url) {
    auto options = http::client_options()
                       .proxy("http://user:password@proxy.corp:3128")
                       .no_proxy(".corp,10.0.0.0/8")
                       .tls(http::tls_options()
                                .trust_file("/etc/corp/ca.pem")
                                .certificate("me.pem", "me.key")
                                .minimum(http::tls_version::tls_1_3));
    http::client http(co_await this_coro::executor, options);
    std::cout << (co_await http.get(url)).status() << "\n";
}
// [/secure]

// [guard]
awaitable<> fetch_for_a_stranger(std::string url) {
    http::client http(
        co_await this_coro::executor,
        http::client_options().guard(http::address_guard::public_only()).max_body(1'000'000)
    );
    auto page = co_await http.get(url, nothrow); // also after redirects, whatever a name leads to
    if (!page && page.error() == condition::forbidden)
        std::cout << "not for strangers\n";
}
// [/guard]

// [log]
http::client_options watched() {
    return http::client_options().log([](const std::string& line) { std::clog << line << "\n"; });
}
// [/log]

// [scripted]
void test_of_a_program() {
    auto server = std::make_shared<http::scripted_transport>();
    server->answer("GET", "http://api.test/cars", http::scripted(503).header("Retry-After", "20"));
    server->answer("GET", "http://api.test/cars", http::scripted(200, "[]"));
    testing::run([&]() -> awaitable<> { // the 20 seconds take no time
        auto options = http::client_options().transport(server).retry(retry_policy());
        http::client http(co_await this_coro::executor, options);
        auto cars = co_await http.get("http://api.test/cars");
        assert(cars.body() == "[]");
    });
}
// [/scripted]
