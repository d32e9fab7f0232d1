#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/loop_watch.hpp"
#include <oneloop/resolver.hpp>
#include <oneloop/testing.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <list>
#include <set>

namespace oneloop::testing {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using addresses = std::vector<asio::ip::address>;
using strings = std::vector<std::string>;

// What came of one operation. It must stay where it is.
struct reply {
    int calls = 0;
    error_code code;
    addresses list;
    failure story;
    asio::cancellation_signal stop;

    reply() = default;
    reply(const reply&) = delete;
    bool done() const { return calls > 0; }
};

inline void ask(resolver& r, const std::string& name, reply& into) {
    r.resolve(
        name, with_failure(
                  into.story, asio::bind_cancellation_slot(
                                  into.stop.slot(),
                                  [&into](error_code code, addresses list) {
                                      ++into.calls;
                                      into.code = code;
                                      into.list = std::move(list);
                                  }
                              )
              )
    );
    CHECK(into.calls == 0); // never inside of the initiating call
}

inline strings texts(const addresses& list) {
    std::vector<std::string> out;
    for (const auto& a : list)
        out.push_back(a.to_string());
    std::ranges::sort(out);
    return out;
}

inline std::set<int> descriptors() {
    std::set<int> open;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        open.insert(std::stoi(entry.path().filename()));
    std::erase_if(open, [](int fd) { return ::fcntl(fd, F_GETFD) < 0; }); // the one that listed them
    return open;
}

class stage {
public:
    explicit stage(resolver_options how = resolver_options().timeout(10s))
        : names(loop.get_executor(), how.server(server.address())) {}

    void run_until(const std::function<bool()>& done, clock_type::duration limit = 20s) {
        const auto end = clock_type::now() + limit;
        while (!done() && clock_type::now() < end)
            run_one_watched(loop, 10ms);
        REQUIRE(done());
    }

    // Asks and waits for the answer.
    const reply& answer_to(const std::string& name) {
        reply& r = replies.emplace_back();
        ask(names, name, r);
        run_until([&r] { return r.done(); });
        CHECK(r.calls == 1);
        return r;
    }

    asio::io_context loop{1};
    dns_server server{loop.get_executor()};
    std::list<reply> replies; // of answer_to()
    resolver names;
};

// Options that know nothing of the machine that the test runs on.
inline resolver_options bare() {
    return resolver_options().timeout(10s).resolv_conf("").hosts_file("");
}

// Runs a coroutine in virtual time: what waits for a TTL waits for nothing. The datagrams between the
// resolver and the server, on the same loop, do not take long.
template <class Body>
void in_virtual_time(resolver_options how, Body body) {
    auto whole = [&]() -> awaitable<> {
        auto loop = co_await this_coro::executor;
        dns_server server(loop);
        resolver names(loop, resolver_options(how).server(server.address()));
        co_await body(names, server);
    };
    run(whole, run_options().wait_for_others(20ms).limit(60s).allow_leftovers());
}

} // namespace oneloop::testing
