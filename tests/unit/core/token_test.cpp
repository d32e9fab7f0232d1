#include "tests/support/catch.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/run_test.hpp"
#include <oneloop/token.hpp>

#include <boost/asio.hpp>

using namespace oneloop;
using namespace oneloop::testing;
namespace asio = boost::asio;

namespace {

// What the oracle tells of its failures.
void check_story(const failure& f) {
    CHECK(f == condition::timeout);
    CHECK(f.phase() == phase::first_byte);
    CHECK(f.limit() == "patience 1 s");
    CHECK(f.outcome() == outcome::in_doubt);
    CHECK(f.doing() == "asking");
}

} // namespace

TEST_CASE("the default token gives the value or throws the whole story", "[token]") {
    run_test([]() -> awaitable<> {
        oracle o(co_await this_coro::executor);
        const std::string answer = co_await o.ask("why");
        CHECK(answer == "because of why");
        const auto why = co_await caught(o.ask("fail"));
        check_story(failure_of(why));
        co_await o.tell("news");
        const auto refused = co_await caught(o.tell("fail"));
        check_story(failure_of(refused));
    });
}

TEST_CASE("nothrow gives the same in a result", "[token]") {
    run_test([]() -> awaitable<> {
        oracle o(co_await this_coro::executor);
        const auto good = co_await o.ask("why", nothrow);
        CHECK(*good == "because of why");
        const auto bad = co_await o.ask("fail", nothrow);
        REQUIRE_FALSE(bad);
        check_story(bad.error());
        const auto told = co_await o.tell("news", nothrow);
        CHECK(told.has_value());
        const auto refused = co_await o.tell("fail", nothrow);
        check_story(refused.error());
    });
}

TEST_CASE("what is thrown and what nothrow gives are the same words", "[token]") {
    run_test([]() -> awaitable<> {
        oracle o(co_await this_coro::executor);
        const auto result = co_await o.ask("fail", nothrow);
        const auto thrown = co_await caught(o.ask("fail"));
        CHECK(result.error().message() == failure_of(thrown).message());
    });
}

TEST_CASE("an operation that knows only a code tells the code", "[token]") {
    run_test([]() -> awaitable<> {
        asio::steady_timer timer(co_await this_coro::executor, std::chrono::hours(1));
        asio::post(timer.get_executor(), [&timer] { timer.cancel(); });
        const auto result = co_await timer.async_wait(nothrow);
        CHECK(result.error() == condition::cancelled);
    });
}

TEST_CASE("a callback is called once, after the call that starts the operation", "[token]") {
    asio::io_context loop;
    oracle o(loop.get_executor());
    std::vector<std::string> seen;
    o.ask("why", [&](error_code code, std::string answer) {
        CHECK_FALSE(code);
        seen.push_back(answer);
    });
    o.ask("fail", [&](error_code code, std::string) { seen.push_back(code.message()); });
    seen.push_back("started");
    loop.run();
    CHECK(seen == std::vector<std::string>{"started", "because of why", "timed out"});
}

TEST_CASE("with_failure writes the story beside any token", "[token]") {
    asio::io_context loop;
    oracle o(loop.get_executor());
    failure callback, tuple;
    o.ask("fail", with_failure(callback, [](error_code code, std::string) {
              CHECK(code == condition::timeout);
          }));
    auto waits = [](oracle& asked, failure& story) -> awaitable<> {
        const auto [code, answer] =
            co_await asked.ask("fail", with_failure(story, asio::as_tuple(asio::use_awaitable)));
        CHECK(code == condition::timeout);
    };
    asio::co_spawn(loop, waits(o, tuple), asio::detached);
    loop.run();
    check_story(callback);
    check_story(tuple);
}

TEST_CASE("use_future, deferred and as_tuple work", "[token]") {
    asio::io_context loop;
    oracle o(loop.get_executor());
    auto good = o.ask("why", asio::use_future);
    auto bad = o.ask("fail", asio::use_future);
    auto operation = o.ask("later", asio::deferred);
    CHECK(o.asked() == 2); // deferred: not yet
    std::string later;
    std::move(operation)([&](error_code, std::string answer) { later = answer; });
    std::tuple<error_code, std::string> both;
    o.ask("fail", asio::as_tuple([&](std::tuple<error_code, std::string> t) { both = t; }));
    loop.run();
    CHECK(good.get() == "because of why");
    CHECK_THROWS_AS(bad.get(), boost::system::system_error);
    CHECK(later == "because of later");
    CHECK(std::get<0>(both) == condition::timeout);
}

TEST_CASE("a deferred operation may start after its client's end", "[token]") {
    asio::io_context loop;
    auto o = std::make_unique<oracle>(loop.get_executor());
    auto operation = o->ask("why", asio::deferred);
    o.reset();
    std::string answer;
    std::move(operation)([&](error_code, std::string a) { answer = a; });
    loop.run();
    CHECK(answer == "because of why");
}

TEST_CASE("a handler is called through its own executor", "[token]") {
    asio::io_context loop;
    asio::thread_pool elsewhere(1);
    oracle o(loop.get_executor());
    std::thread::id ran_on;
    o.ask("why", asio::bind_executor(elsewhere, [&](error_code, std::string) {
              ran_on = std::this_thread::get_id();
          }));
    loop.run();
    elsewhere.join();
    CHECK(ran_on != std::thread::id());
    CHECK(ran_on != std::this_thread::get_id());
}

TEST_CASE("an operation in flight keeps the handler's loop running", "[token]") {
    asio::io_context loop, handlers;
    oracle o(loop.get_executor());
    bool called = false;
    asio::cancellation_signal end;
    auto handler = [&](error_code, std::string) { called = true; };
    o.ask("never", asio::bind_cancellation_slot(end.slot(), asio::bind_executor(handlers, handler)));
    CHECK(handlers.poll() == 0);
    CHECK_FALSE(handlers.stopped());
    end.emit(asio::cancellation_type::all);
    handlers.run();
    CHECK(called);
}

TEST_CASE("a cancellation slot cancels, with any token", "[token]") {
    asio::io_context loop;
    oracle o(loop.get_executor());
    asio::cancellation_signal callback, coroutine;
    std::vector<error_code> codes;
    failure story;
    o.ask(
        "never",
        asio::bind_cancellation_slot(
            callback.slot(), with_failure(story, [&](error_code c, std::string) { codes.push_back(c); })
        )
    );
    auto waits = [](oracle& asked, asio::cancellation_slot slot) -> awaitable<> {
        const auto answer = co_await asked.ask("never", asio::bind_cancellation_slot(slot, nothrow));
        CHECK(answer.error() == condition::cancelled);
    };
    asio::co_spawn(loop, waits(o, coroutine.slot()), asio::detached);
    loop.poll();
    callback.emit(asio::cancellation_type::all);
    CHECK(codes.empty()); // not inside emit either
    coroutine.emit(asio::cancellation_type::all);
    callback.emit(asio::cancellation_type::all); // twice is as good as once
    loop.run();
    REQUIRE(codes.size() == 1);
    CHECK(codes[0] == condition::cancelled);
    CHECK(story == condition::cancelled);
}

TEST_CASE("handlers of a destroyed loop are destroyed uncalled", "[token]") {
    auto owned = std::make_shared<int>(0);
    std::weak_ptr<int> watched = owned;
    bool called = false;
    {
        std::optional<asio::io_context> loop(std::in_place);
        oracle o(loop->get_executor());
        o.ask("never", [owned = std::move(owned), &called](error_code, std::string) { called = true; });
        loop->poll();
        CHECK_FALSE(watched.expired());
        loop.reset();
        CHECK(watched.expired());
    }
    CHECK_FALSE(called);
}
