// What users of an awaitable API write naturally: nothing here may be reported.
#include <oneloop/http.hpp>

using namespace std::chrono_literals;
using boost::asio::awaitable;
namespace this_coro = boost::asio::this_coro;

awaitable<void> fetch(std::string url, std::filesystem::path path, std::string hex) {
    http::client http(co_await this_coro::executor);
    auto page = co_await http.get(url);
    co_await http.download(url, path, http::download_options{}.resume().sha256(hex));
    co_await http.download(url, path, http::download_options{}
                                          .resume()
                                          .timeout(1'500ms)
                                          .sha256(hex));
    auto reply = co_await http.send(http::request{}.url(url).header("Accept", "text/html; q={0.8} ? a && b : c"));
    co_await timeout(5s, http.get(url));
    auto [a, b] = co_await gather(f(), g());
    auto& [c, d] = co_await pair_of(std::string(3, 'x'), std::vector<int>(4));
    auto&& moved = co_await http.get(std::move(url));
    T&& name = co_await http.get(static_cast<T&&>(url));
    const std::string text = (co_await http.get("http://localhost/")).body();
    co_await store(std::string{}, std::vector<std::pair<int, std::string>>{}, std::optional<int>{});
    co_await redis.hset("car", "key1", 1, "key2", 2);
    co_return co_await parse(std::move(page));
}

awaitable<void> loops(reader& reader, tasks& tasks) {
    while (auto item = co_await reader.next())
        use(*item);
    while (std::optional<std::string> line = co_await reader.line()) {
        use(*line);
    }
    if (auto n = co_await reader.size(); n > 3 && n < 9)
        co_await reader.skip(n);
    else if (const auto* last = co_await reader.last())
        use(last);
    switch (auto kind = co_await reader.kind(); kind) {
    case kind::a: co_await reader.skip(1); break;
    default: break;
    }
    for (auto&& [key, value] : co_await reader.all())
        use(key, value);
    for (auto it = co_await reader.begin(); it != reader.end() && !stop; ++it)
        co_await use(*it);
    for (int i = 0; i < 3; ++i) co_await use(i);
    do {
        co_await reader.skip(1);
    } while (!reader.empty() && more);
    if (more && ready) co_await reader.skip(2);
    more = ready ? true : false;
    std::array<int, 2> list{1, 2};
    co_await use(list, array[index], matrix[i](j));
}

awaitable<void> groups(http::client& http, std::vector<std::string> urls) {
    co_await with_task_group([&](task_group& tasks) -> awaitable<void> {
        for (auto& url : urls)
            if (!url.empty() && url != "x") tasks.spawn(work(url));
        options o{.size = 3};
        co_return;
    });
    co_await with_task_group([](task_group& tasks) -> awaitable<void> { tasks.spawn(work()); co_return; });
    co_await run([&]() -> awaitable<void> { co_await x; });
    co_await run([&x, &y = z, this](auto&& a, T&& b) mutable noexcept(true && false) -> std::map<int, int> { return {}; });
    co_await run([this] {});
    co_await run([]<class T>(T&& t) requires a<T> && b<T> { return t; });
    auto work = [copy = std::string("x"), urls]() -> awaitable<void> { co_await f(urls); };
    co_await run(work);
    co_await run([&] [[nodiscard]] (int) { return a && b ? c : d{1}; });
    co_spawn(co_await this_coro::executor, work(), detached);
}

template <class T>
    requires std::same_as<T, int> && true
auto traits(T) -> awaitable<std::vector<T>>
{
    if constexpr (std::is_same_v<T, int>) {
        co_return co_await all<T>();
    }
    try {
        co_await f();
    } catch (const error& e) { stop = a && b; }
    co_await sized(sizeof(T{}), decltype(T{1})());
    // co_await f({1, 2}) ? a : b;
    /* if (co_await f()) */
    auto s = R"x(if (co_await f({})) && ")" )x"; auto c = '"'; auto q = L'\'';
#if defined(A) && \
    defined(B)
    if (co_await_count) {
#else
    if (auto v = co_await f(); v) {
#endif
        co_await g();
    }
}

class holder : public base {
public:
    holder(int a) : a_(a), list_{a} { start(); }
    explicit holder(std::string s) : text_{std::move(s)} {}
    awaitable<int> get(std::string url, http::download_options options = {}, std::string = {});
    awaitable<int> get(const http::request& request = http::request{}) &&;
    void set(aggregate a = {});
    awaitable<void> run() && { co_await f(); }
    bool operator&&(const holder&) const { return true; }
    enum class kind : int { a, b };
    std::vector<int> list_{1, 2};
};

// Braces that are bodies, and brackets that are no lambdas, near a co_await
template <>
struct special<int> {
    auto empty() -> awaitable<void> {}
    awaitable<void> go() { for (auto& [key, value] : list) co_await f(key); }
};
awaitable<void> shapes() {
    struct local {}; co_await f();
    if (ready) [[likely]] { co_await f(); }
    for (init(); auto x : b ? list : other) co_await f(x);
    auto&& [a, b] (co_await pair_of());
    co_await f("x"s, R"(")", 1'0, '"'); bool other = c ? d : e;
    co_await f(R"x(")x", list[[&] { return a && b; }()]);
}

const auto text = R"(" co_await f({1}) ? a : b; ")";

void lambdas_that_live(asio::io_context& loop, task_group& tasks, http::client& http) {
    auto show = [&](std::string url) -> awaitable<> { co_await http.get(url); };
    tasks.spawn(show("http://example.org/"));
    asio::co_spawn(loop, [](std::string url) -> awaitable<> { co_await print(url); }("text"), asio::detached);
    const int number = [&] { return tasks.size(); }();
}

awaitable<> awaited_where_it_stands(http::client& http) {
    co_await timeout(5s, [&]() -> awaitable<> { co_await http.close(); }());
}
