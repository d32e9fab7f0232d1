awaitable<void> get(std::string url, aggregate a = {});  // bad: default-argument
auto put(std::string url, const aggregate& a = aggregate{}) -> awaitable<void>;  // bad: default-argument
struct client {
    boost::asio::awaitable<std::map<int, int>> get(
        std::map<int, std::string> m = {},
        std::vector<int> list = {1, 2});  // bad: default-argument
    awaitable<void> put(read_options o = read_options{1}) const {  // bad: default-argument
        co_await f();
    }
};

awaitable<void> test() {
    CHECK(co_await f() == 3);  // bad: macro
    REQUIRE(run((co_await f()).size(), 3));  // bad: macro
    assert(co_await f());  // bad: macro
}
