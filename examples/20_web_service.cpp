// A web service on one thread with a pool of Redis connections: two requests of 3 s each take 3 s.

#include <oneloop/redis.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/src.hpp> // Boost.JSON, compiled here

#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using request = http::request<http::empty_body>;
using response = http::response<http::string_body>;

awaitable<std::string> red(redis::pool& pool) {
    co_await sleep_for(3s); // the work that a real service would wait for
    auto redis = co_await pool.acquire();
    co_await redis->hset("car", "make", "Volvo", "model", "Amazon", "year", 1963);
    auto car = co_await redis->hgetall("car");
    co_return boost::json::serialize(boost::json::value_from(car));
} // here the connection goes back

awaitable<response> answer(redis::pool& pool, const request& asked) {
    response reply(http::status::ok, asked.version());
    reply.set(http::field::content_type, "text/plain");
    if (asked.method() != http::verb::get) {
        reply.result(http::status::method_not_allowed);
    } else if (asked.target() == "/") {
        reply.body() = "Hello from one loop\n";
    } else if (asked.target() == "/red") {
        try {
            reply.body() = co_await red(pool);
            reply.set(http::field::content_type, "application/json");
        } catch (const oneloop::error& e) { // Redis is down, or slow
            reply.result(http::status::service_unavailable);
            reply.body() = std::string(e.what()) + "\n";
        }
    } else {
        reply.result(http::status::not_found);
    }
    reply.keep_alive(asked.keep_alive());
    reply.prepare_payload();
    co_return reply;
}

// One browser's connection, request after request. What goes wrong with it is its own affair.
awaitable<> serve(boost::beast::tcp_stream browser, redis::pool& pool) {
    try {
        boost::beast::flat_buffer buffer;
        for (bool again = true; again;) {
            browser.expires_after(30s);
            request asked;
            co_await http::async_read(browser, buffer, asked, boost::asio::use_awaitable);
            browser.expires_never();
            auto reply = co_await answer(pool, asked);
            again = reply.keep_alive();
            browser.expires_after(30s);
            co_await http::async_write(browser, reply, boost::asio::use_awaitable);
        }
    } catch (const boost::system::system_error& gone) {
        if (gone.code() != http::error::end_of_stream && gone.code() != condition::cancelled)
            std::cerr << "a connection ended: " << gone.what() << "\n";
    }
}

awaitable<> program(std::string url) {
    auto loop = co_await this_coro::executor;
    redis::pool pool(loop, redis::options::from_url(url), pool_options().min_size(1).max_size(10));
    tcp::acceptor door(loop, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    std::cout << "listening on http://127.0.0.1:" << door.local_endpoint().port() << "\n" << std::flush;
    co_await with_task_group([&](task_group& tasks) -> awaitable<> {
        for (;;) {
            auto browser = co_await door.async_accept(boost::asio::use_awaitable);
            tasks.spawn(serve(boost::beast::tcp_stream(std::move(browser)), pool));
        }
    }); // Ctrl-C cancels and awaits every one of them
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: 20_web_service redis://:password@host:port/database\n";
        return 2;
    }
    return run_main(program(argv[1]));
}
