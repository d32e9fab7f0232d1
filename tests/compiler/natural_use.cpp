// What users naturally write beside a co_await, run, with every construction and destruction counted.
// It shows that the compiler at hand gets right what our interfaces invite people to write.
//
// g++ 12 destroys twice what stands in the same full expression as a co_await, without any warning, if it is
//   - a temporary aggregate or a braced list:   co_await f(point{1, 2});  co_await f({.size = 1});
//     (point(1, 2) is as bad, and no lint can know that point is an aggregate)
//   - an aggregate as default argument:         awaitable<void> f(point p = {});  co_await f();
//   - a lambda that captures by value:          co_await f([text] { ... });
//   - a ?: of class type:                       auto x = b ? co_await f() : co_await g();
// and it corrupts memory on a condition that declares nothing: if (co_await f()), while (co_await f()), and
// so on CHECK(co_await f()), since such macros hide a condition. None of that may be written in a coroutine.
// tests/lint/coroutine_lint finds it.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using asio::awaitable;

const std::string long_text = "long enough to live on the heap, whatever the library does with short strings";
int constructed = 0, destroyed = 0, failures = 0;

void check(bool ok, int line) {
    if (!ok)
        std::printf("natural_use.cpp:%d: a wrong value\n", line), ++failures;
}
#define VERIFY(...) check((__VA_ARGS__), __LINE__)

// Counts, owns heap memory, and knows a dead object.
struct counted {
    counted() { ++constructed; }
    counted(const counted& other) : text(other.text) { ++constructed; }
    counted(counted&& other) noexcept : text(std::move(other.text)) { ++constructed; }
    counted& operator=(const counted&) = default;
    ~counted() {
        if (alive != 0x600d)
            ++failures;
        alive = 0;
        ++destroyed;
    }
    std::string text = long_text;
    volatile int alive = 0x600d;
};

// Options: the declared constructor makes it a class that is no aggregate, and that is what saves it.
struct options {
    options() = default;
    options& name(std::string value) { return name_ = std::move(value), *this; }
    options&& resume(bool value = true) && { return resume_ = value, std::move(*this); }
    options& list(std::vector<std::string> value) { return list_ = std::move(value), *this; }
    counted member;
    std::string name_ = long_text;
    std::vector<std::string> list_ = std::vector<std::string>(3, long_text);
    std::optional<std::string> maybe_ = long_text;
    bool resume_ = false;
};

struct text_arg : counted { // converts, as our argument types do
    text_arg(const char* value) { text = value; }
    text_arg(std::string value) { text = std::move(value); }
};

awaitable<void> turn() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

awaitable<std::string> by_value(std::string url, options o = {}) {
    co_await turn();
    co_return url + o.name_ + o.list_.at(2) + *o.maybe_ + o.member.text + (o.resume_ ? "!" : "");
}
awaitable<std::string> by_reference(const std::string& url, const options& o = options()) {
    co_await turn();
    co_return url + o.name_ + o.list_.at(2) + *o.maybe_ + o.member.text + (o.resume_ ? "!" : "");
}
awaitable<counted> take(
    text_arg value, const text_arg& reference, std::vector<counted> list, std::optional<counted> o
) {
    co_await turn();
    counted result;
    result.text = value.text + reference.text + std::to_string(list.size()) + (o ? o->text : "");
    co_return result;
}
awaitable<std::pair<counted, std::vector<std::string>>> both() {
    co_await turn();
    co_return std::make_pair(counted(), std::vector<std::string>(2, long_text));
}
awaitable<std::optional<counted>> next(int& left) {
    co_await turn();
    if (left-- > 0)
        co_return std::make_optional<counted>();
    co_return std::nullopt;
}
awaitable<void> run(std::function<awaitable<void>(counted&)> body) {
    counted own;
    co_await body(own);
}
awaitable<std::string> forwarded(const std::string& url) {
    co_return co_await by_value(url, options{}.name("n"));
}

// The conditions stand in coroutines of their own, without a variable at the top.
awaitable<void> conditions(int& left, int& seen) {
    while (auto item = co_await next(left))
        seen += item->text == long_text;
    if (auto item = co_await next(left); !item)
        ++seen;
}
awaitable<void> loop(int& seen) {
    for (auto& text : (co_await both()).second)
        seen += text == long_text;
    for (auto x = co_await both(); x.second.size() == 2; x.second.clear())
        ++seen;
    switch (auto item = co_await both(); item.second.size()) {
        case 2:
            ++seen;
    }
}

awaitable<void> natural_use() {
    const std::string tail = long_text + long_text + long_text;
    const std::string url = "u";
    auto a = co_await by_value("u");
    VERIFY(a == "u" + long_text + tail);
    a = co_await by_reference("u");
    VERIFY(a == "u" + long_text + tail);
    a = co_await by_value(url, options{});
    VERIFY(a == "u" + long_text + tail);
    a = co_await by_value(url, options{}.resume().name("n"));
    VERIFY(a == "un" + tail + "!");
    a = co_await by_reference(
        "u", options{}.resume().list(std::vector<std::string>(3, long_text)).name(std::string("n"))
    );
    VERIFY(a == "un" + tail + "!");
    a = co_await forwarded(url + "x");
    VERIFY(a == "uxn" + tail);
    auto b = co_await take("a", std::string("b"), std::vector<counted>(3), counted());
    VERIFY(b.text == "ab3" + long_text);
    b = co_await take(long_text, text_arg("b"), std::vector<counted>{}, std::nullopt);
    VERIFY(b.text == long_text + "b0");
    const auto size = (co_await both()).second.size();
    VERIFY(size == 2);
    auto [c, list] = co_await both();
    VERIFY(c.text == long_text && list.at(1) == long_text);
    int left = 3, seen = 0;
    co_await conditions(left, seen);
    VERIFY(seen == 4);
    co_await loop(seen);
    VERIFY(seen == 8);
    co_await run([&](counted& own) -> awaitable<void> {
        co_await turn();
        own.text = co_await forwarded(url);
        seen += own.text == "un" + tail;
    });
    VERIFY(seen == 9);
}

int main() {
    asio::io_context loop;
    asio::co_spawn(loop, natural_use(), [](std::exception_ptr error) {
        if (error)
            std::rethrow_exception(error);
    });
    loop.run();
    std::printf("%d constructed, %d destroyed, %d failures\n", constructed, destroyed, failures);
    return constructed > 30 && constructed == destroyed && failures == 0 ? 0 : 1;
}
