awaitable<void> braced(reader& reader, std::string s) {
    co_await reader.skip({1, 2});  // bad: braced
    co_await reader.skip({});  // bad: braced
    co_await reader.skip(aggregate{.size = 1});  // bad: braced
    co_await reader.skip(ns::aggregate{s});  // bad: braced
    co_await reader.skip(aggregate{});  // bad: braced
    co_await reader.skip(read_options{s});  // bad: braced
    co_await reader.skip(std::vector<std::string>{"a", "b"});  // bad: braced
    co_await reader.skip(std::array<std::string, 2>{});  // bad: braced
    co_await reader.skip(
        1,
        read_options{}.list({1}));  // bad: braced
    aggregate g{co_await reader.line(), 1};  // bad: braced
    auto h = aggregate{co_await reader.line()};  // bad: braced
    std::array<std::string, 2> i = {co_await reader.line(), s};  // bad: braced
    auto j = co_await aggregate{s}.read();  // bad: braced
    while (auto line = co_await reader.line({1}))  // bad: braced
        g();
    for (auto& line : co_await reader.lines(aggregate{s}))  // bad: braced
        g();
    for (auto& line : {co_await reader.line()}) g();  // bad: braced
    co_return aggregate{co_await reader.line()};  // bad: braced
    co_return {co_await reader.line()};  // bad: braced
    if (b) co_await reader.skip({1}); else co_await reader.skip({2});  // bad: braced
}
