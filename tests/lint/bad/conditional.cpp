awaitable<std::string> conditional(reader& reader, bool b) {
    auto x = b ? co_await reader.line() : co_await reader.word();  // bad: conditional
    auto y = b && co_await reader.ready();  // bad: conditional
    auto z = b or co_await reader.ready();  // bad: conditional
    if (b || co_await reader.ready()) g();  // bad: conditional bare-condition
    while (auto line = b ? co_await reader.line() : "")  // bad: conditional
        g();
    auto&& w = (co_await reader.ready()) &&  // bad: conditional
               b;
    co_await reader.skip(
        b
            ? std::string("x")  // bad: conditional
            : std::string("y"));
    co_return b ? "none" : co_await reader.line();  // bad: conditional
}
