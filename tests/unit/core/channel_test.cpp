#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"
#include "tests/support/slow_to_end.hpp"
#include "tests/support/step_cancel.hpp"
#include <oneloop/channel.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/task.hpp>
#include <oneloop/testing.hpp>
#include <oneloop/timeout.hpp>

#include <boost/asio/detached.hpp>

#include <atomic>
#include <numeric>
#include <random>
#include <thread>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

awaitable<> send_all(channel<int>& to, int count) {
    for (int i = 0; i < count; ++i)
        co_await to.send(i);
    to.close();
}

awaitable<std::vector<int>> receive_all(channel<int>& from) {
    std::vector<int> all;
    while (auto item = co_await from.receive())
        all.push_back(*item);
    co_return all;
}

// Nothing but movable, and moved without an exception.
class message {
public:
    explicit message(int n) : number(std::make_unique<int>(n)) {}
    std::unique_ptr<int> number;
};

} // namespace

TEST_CASE("messages arrive in order, whatever the capacity", "[channel]") {
    for (std::size_t capacity : {0, 1, 7, 1000})
        run_test([capacity]() -> awaitable<> {
            channel<int> c(co_await this_coro::executor, capacity);
            auto [received, sent] = co_await gather(receive_all(c), send_all(c, 100));
            CHECK(received == numbers(100));
            CHECK(c.closed());
        });
}

TEST_CASE("a sender waits while the channel is full", "[channel]") {
    for (std::size_t capacity : {0, 2})
        run_test([capacity]() -> awaitable<> {
            channel<int> c(co_await this_coro::executor, capacity);
            co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                auto sending = tasks.spawn(send_all(c, 5));
                co_await turns();
                CHECK(c.stats().buffered == capacity);
                CHECK(c.stats().senders == 1);
                CHECK(c.stats().receivers == 0);
                auto first = co_await c.receive();
                CHECK(first == 0);
                co_await turns();
                CHECK(c.stats().buffered == capacity);
                CHECK_FALSE(sending.done());
                const auto rest = co_await receive_all(c);
                CHECK(rest == std::vector<int>{1, 2, 3, 4});
            });
        });
}

TEST_CASE("receivers and senders that wait are served in the order in which they came", "[channel]") {
    run_test([]() -> awaitable<> {
        channel<int> c(co_await this_coro::executor, 0);
        std::vector<std::pair<int, int>> got;
        auto receive = [&](int who) -> awaitable<> {
            auto item = co_await c.receive();
            got.emplace_back(who, *item);
        };
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            for (int i = 0; i < 4; ++i)
                tasks.spawn(receive(i));
            co_await turns();
            CHECK(c.stats().receivers == 4);
            for (int i = 0; i < 4; ++i)
                co_await c.send(i);
        });
        CHECK(got == std::vector<std::pair<int, int>>{{0, 0}, {1, 1}, {2, 2}, {3, 3}});
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            for (int i = 0; i < 4; ++i)
                tasks.spawn(c.send(i));
            co_await turns();
            CHECK(c.stats().senders == 4);
            for (int i = 0; i < 4; ++i) {
                auto item = co_await c.receive();
                CHECK(item == i);
            }
        });
    });
}

TEST_CASE("a message needs no more than to be movable", "[channel]") {
    run_test([]() -> awaitable<> {
        channel<std::unique_ptr<int>> pointers(co_await this_coro::executor, 1);
        co_await pointers.send(std::make_unique<int>(7));
        auto back = co_await pointers.receive();
        CHECK(**back == 7);
        channel<message> c(co_await this_coro::executor, 0);
        auto send = [&]() -> awaitable<> { co_await c.send(message(8)); };
        auto receive = [&]() -> awaitable<int> {
            auto item = co_await c.receive(nothrow);
            co_return *item->value().number;
        };
        auto [first, sent] = co_await gather(receive(), send());
        auto [sent_first, second] = co_await gather(send(), receive());
        CHECK(first == 8);
        CHECK(second == 8);
    });
}

TEST_CASE("try_send and try_receive do not wait", "[channel]") {
    run_test([]() -> awaitable<> {
        channel<std::unique_ptr<int>> c(co_await this_coro::executor, 1);
        CHECK_FALSE(c.try_receive());
        auto one = std::make_unique<int>(1), two = std::make_unique<int>(2);
        CHECK(c.try_send(std::move(one)));
        CHECK_FALSE(c.try_send(std::move(two)));
        REQUIRE(two); // as it was
        auto got = c.try_receive();
        REQUIRE(got);
        CHECK(**got == 1);

        channel<int> meeting(co_await this_coro::executor, 0);
        const int seven = 7;
        CHECK_FALSE(meeting.try_send(seven));
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto receives = tasks.spawn(meeting.receive());
            co_await turns();
            CHECK(meeting.try_send(seven));
            CHECK_FALSE(meeting.try_send(8)); // nobody waits any more
            auto item = co_await receives.get();
            CHECK(item == 7);
            auto sends = tasks.spawn(meeting.send(9));
            co_await turns();
            CHECK(meeting.try_receive() == 9);
            CHECK_FALSE(meeting.try_receive());
            co_await sends.get();
        });
        meeting.close();
        CHECK_FALSE(meeting.try_send(1));
    });
}

TEST_CASE("operations on a channel never complete inside the call", "[channel]") {
    asio::io_context loop;
    channel<int> c(loop.get_executor(), 1);
    int completed = 0;
    asio::post(loop, [&] {
        c.send(1, [&](error_code) { ++completed; });
        c.receive([&](error_code, std::optional<int>) { ++completed; });
        c.receive([&](error_code, std::optional<int>) { ++completed; });
        c.close();
        c.send(1, [&](error_code) { ++completed; });
        c.receive([&](error_code, std::optional<int>) { ++completed; });
        CHECK(completed == 0);
    });
    loop.run();
    CHECK(completed == 5);
}

TEST_CASE("after close what is in the channel is still received", "[channel]") {
    run_test([]() -> awaitable<> {
        channel<int> c(co_await this_coro::executor, 2);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            co_await c.send(0);
            co_await c.send(1);
            auto sends = tasks.spawn(c.send(2, nothrow));
            co_await turns();
            c.close();
            c.close();
            const auto told = co_await sends.get();
            REQUIRE(told.has_error());
            CHECK(told.error() == condition::closed);
            CHECK(told.error().message() == "channel::send: the channel was closed");
        });
        const auto rest = co_await receive_all(c);
        CHECK(rest == numbers(2));
        const auto again = co_await c.receive();
        CHECK_FALSE(again);
        const auto why = co_await caught(c.send(3));
        CHECK(failure_of(why).code() == error_code(errc::closed));
    });
}

TEST_CASE("close tells all receivers that wait", "[channel]") {
    run_test([]() -> awaitable<> {
        channel<int> c(co_await this_coro::executor, 2);
        auto closes = [&]() -> awaitable<> {
            co_await turns();
            CHECK(c.stats().receivers == 2);
            c.close();
        };
        auto [a, b, closed] = co_await gather(c.receive(), c.receive(), closes());
        CHECK_FALSE(a);
        CHECK_FALSE(b);
    });
}

TEST_CASE("those that wait at a channel have a limit", "[channel]") {
    run_test([]() -> awaitable<> {
        channel<int> c(co_await this_coro::executor, 0, 1);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto sends = tasks.spawn(c.send(1));
            co_await turns();
            const auto refused = co_await c.send(2, nothrow);
            REQUIRE(refused.has_error());
            CHECK(refused.error() == error_code(errc::queue_full));
            CHECK(refused.error().limit() == "max_queued 1");
            auto item = co_await c.receive();
            CHECK(item == 1);
            auto receives = tasks.spawn(c.receive());
            co_await turns();
            const auto crowded = co_await c.receive(nothrow);
            REQUIRE(crowded.has_error());
            CHECK(crowded.error() == condition::limit);
            c.close();
        });
    });
}

TEST_CASE("a cancelled send was not delivered, a cancelled receive takes nothing", "[channel]") {
    testing::run([]() -> awaitable<> {
        channel<int> c(co_await this_coro::executor, 0);
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto leaves = tasks.spawn(c.send(1));
            auto stays = tasks.spawn(c.send(2));
            co_await turns();
            leaves.cancel();
            const auto why = co_await caught(leaves.get());
            CHECK(failure_of(why) == condition::cancelled);
            CHECK(c.stats().senders == 1);
            auto item = co_await c.receive();
            CHECK(item == 2);

            auto gives_up = tasks.spawn(c.receive());
            auto waits = tasks.spawn(c.receive());
            co_await turns();
            gives_up.cancel();
            const auto told = co_await caught(gives_up.get());
            CHECK(failure_of(told) == condition::cancelled);
            co_await c.send(3);
            auto got = co_await waits.get();
            CHECK(got == 3);
        });
        const auto late = co_await caught(timeout(1ms, c.receive()));
        CHECK(failure_of(late) == condition::timeout);
        CHECK(c.stats().receivers == 0);
    });
}

TEST_CASE("a cancel in the turn in which a message changes hands loses none", "[channel]") {
    for (bool receiver_first : {false, true})
        for (bool cancelled_first : {false, true}) {
            asio::io_context loop;
            channel<int> c(loop.get_executor(), 0);
            asio::cancellation_signal signal;
            error_code sent = asio::error::would_block, received = asio::error::would_block;
            std::optional<int> got;
            auto on_sent = [&](error_code code) { sent = code; };
            auto on_received = [&](error_code code, std::optional<int> item) { received = code, got = item; };
            if (receiver_first)
                c.receive(asio::bind_cancellation_slot(signal.slot(), on_received));
            else
                c.send(7, asio::bind_cancellation_slot(signal.slot(), on_sent));
            loop.poll();
            loop.restart();
            asio::post(loop, [&] {
                if (cancelled_first)
                    signal.emit(asio::cancellation_type::all);
                receiver_first ? c.send(7, on_sent) : c.receive(on_received);
                if (!cancelled_first)
                    signal.emit(asio::cancellation_type::all);
            });
            loop.poll();
            INFO("receiver first: " << receiver_first << ", cancelled first: " << cancelled_first);
            if (cancelled_first) {
                CHECK((receiver_first ? received : sent) == condition::cancelled);
                CHECK(c.stats().senders == receiver_first); // the other one still waits
                CHECK(c.stats().receivers == !receiver_first);
            } else {
                CHECK_FALSE(sent);
                CHECK_FALSE(received);
                CHECK(got == 7);
            }
            c.close();
            loop.restart();
            loop.poll();
        }
}

TEST_CASE("a channel's end is that of its messages, and is told to those that wait", "[channel]") {
    run_test([]() -> awaitable<> {
        auto item = std::make_shared<int>(7);
        std::optional<channel<std::shared_ptr<int>>> c;
        c.emplace(co_await this_coro::executor, 1);
        auto deferred = c->receive(asio::as_tuple(asio::deferred)); // keeps what is inside alive
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            co_await c->send(item);
            auto sends = tasks.spawn(c->send(item, nothrow));
            co_await turns();
            CHECK(item.use_count() > 2);
            c.reset();
            const auto told = co_await sends.get();
            REQUIRE(told.has_error());
            CHECK(told.error() == error_code(errc::closed));
        });
        CHECK(item.use_count() == 1);
        auto [code, none] = co_await std::move(deferred);
        CHECK_FALSE(code);
        CHECK_FALSE(none);
    });
}

TEST_CASE("a loop that ends with senders, receivers and messages leaves nothing", "[channel]") {
    auto owned = std::make_shared<int>();
    {
        asio::io_context loop;
        using shared = std::shared_ptr<int>;
        auto own_channel = [](shared owner) -> awaitable<> {
            channel<shared> c(co_await this_coro::executor, 0);
            co_await c.send(owner);
        };
        asio::co_spawn(loop, own_channel(owned), asio::detached);
        auto full = std::make_shared<channel<shared>>(loop.get_executor(), 1);
        auto empty = std::make_shared<channel<shared>>(loop.get_executor(), 1);
        using pointer = std::shared_ptr<channel<shared>>;
        auto sends = [](pointer c, shared item) -> awaitable<> { co_await c->send(std::move(item)); };
        auto receives = [](pointer c, shared) -> awaitable<> { auto item = co_await c->receive(); };
        for (int i = 0; i < 3; ++i) {
            asio::co_spawn(loop, sends(full, owned), asio::detached);
            asio::co_spawn(loop, receives(empty, owned), asio::detached);
        }
        loop.poll();
        CHECK(full->stats().senders == 2);
        CHECK(empty->stats().receivers == 3);
        CHECK(empty->try_send(shared(owned))); // on its way to a receiver
    }
    CHECK(owned.use_count() == 1);
}

TEST_CASE("send and receive cancelled after any handler leave nothing", "[channel][step_cancel]") {
    auto later = [](asio::io_context& loop, auto what) {
        asio::post(loop, [&loop, what] { asio::post(loop, what); });
    };
    using pointers = channel<std::unique_ptr<int>>;
    const auto sends = step_cancel([&](asio::io_context& loop) {
        auto c = std::make_shared<pointers>(loop.get_executor(), 0);
        return [c, &loop, &later](auto handler) {
            c->send(std::make_unique<int>(1), std::move(handler));
            later(loop, [c] { std::ignore = c->try_receive(); });
        };
    });
    CHECK(sends > 1);
    const auto receives = step_cancel([&](asio::io_context& loop) {
        auto c = std::make_shared<pointers>(loop.get_executor(), 0);
        return [c, &loop, &later](auto handler) {
            c->receive(std::move(handler));
            later(loop, [c] { std::ignore = c->try_send(std::make_unique<int>(1)); });
        };
    });
    CHECK(receives > 1);
    const auto both = step_cancel_awaitable([](executor loop) -> awaitable<> {
        channel<int> c(loop, 1);
        co_await gather(receive_all(c), send_all(c, 4));
    });
    CHECK(both > 8);
}

TEST_CASE("thousands of random cancels lose no message and deliver none twice", "[channel]") {
    for (std::size_t capacity : {0, 1, 3})
        run_test([capacity]() -> awaitable<> {
            std::mt19937 random(4711);
            channel<int> c(co_await this_coro::executor, capacity);
            std::vector<int> sent, received;
            int next = 0, cancelled = 0;
            auto send = [&](int number) -> awaitable<> {
                co_await c.send(number);
                sent.push_back(number);
            };
            auto receive = [&]() -> awaitable<> {
                auto item = co_await c.receive();
                received.push_back(*item);
            };
            for (int round = 0; round < 200; ++round)
                co_await with_task_group([&](task_group& tasks) -> awaitable<> {
                    std::vector<task<>> all;
                    for (int i = 0; i < 16; ++i) {
                        all.push_back(tasks.spawn(random() % 2 ? send(next++) : receive()));
                        co_await turns(static_cast<int>(random() % 2));
                        auto& one = all[random() % all.size()];
                        if (random() % 2) {
                            cancelled += !one.done();
                            one.cancel();
                        }
                    }
                    for (auto& one : all)
                        one.cancel();
                });
            while (auto item = c.try_receive())
                received.push_back(*item);
            CHECK(c.stats().senders == 0);
            CHECK(c.stats().receivers == 0);
            CHECK(cancelled > 200);
            CHECK(received.size() > 200);
            std::ranges::sort(sent);
            std::ranges::sort(received);
            CHECK(sent == received);
        });
}

TEST_CASE("coroutines of other loops send, and are cancelled there", "[channel][threads]") {
    asio::io_context home(1);
    channel<std::unique_ptr<int>> c(home.get_executor(), 2);
    std::vector<int> sent[2], received[2]; // by sender
    std::atomic<int> other_failures = 0;   // Catch2's macros are for one thread
    auto send = [&](int from) -> awaitable<> {
        for (int i = 0; i < 500; ++i) {
            const int number = from * 1000 + i;
            auto item = std::make_unique<int>(number);
            auto told =
                co_await timeout(std::chrono::microseconds(i % 5 * 50), c.send(std::move(item), nothrow));
            if (told)
                sent[from].push_back(number);
            else
                other_failures += told.error() != condition::timeout;
        }
    };
    auto receive = [&]() -> awaitable<> {
        while (auto item = co_await c.receive())
            received[**item / 1000].push_back(**item);
    };
    asio::co_spawn(home, receive(), asio::detached);
    std::thread at_home([&] { home.run(); });
    auto work = [&](int from) { run_test([&] { return send(from); }, 60s, 10s); };
    std::thread one(work, 0), two(work, 1);
    one.join();
    two.join();
    asio::post(home, [&] { c.close(); });
    at_home.join();
    CHECK(received[0] == sent[0]);
    CHECK(received[1] == sent[1]);
    CHECK(sent[0].size() + sent[1].size() > 100);
    CHECK(other_failures == 0);
}
