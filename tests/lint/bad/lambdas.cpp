awaitable<void> lambdas(std::string s) {
    co_await run([=] { return s; });  // bad: lambda-capture
    co_await run([s] { return s; });  // bad: lambda-capture
    co_await run([t = std::move(s)]() mutable { return t; });  // bad: lambda-capture
    co_await run([this, s] { return s; });  // bad: lambda-capture
    co_await run([*this] { return s; });  // bad: lambda-capture
    co_await run([&, s] { return s; });  // bad: lambda-capture
    co_await run([... args = std::move(args)] { return 1; });  // bad: lambda-capture
    co_await co_spawn(
        co_await this_coro::executor,
        [s]() -> awaitable<std::string> {  // bad: lambda-capture
            co_return co_await f(s);
        },
        use_awaitable);
    auto x = co_await async_initiate<decltype(use_awaitable), void()>([p = std::move(p)](auto h) { h(); }, t);  // bad: lambda-capture
    co_await run([&]() -> awaitable<void> {
        co_await run([s] { return s; });  // bad: lambda-capture
        if (co_await ready()) g();  // bad: bare-condition
        co_await run(aggregate{s}, [](auto) -> awaitable<void> {  // bad: braced
            auto y = co_await f() && b;  // bad: conditional
        });
    });
    // A lambda that is not awaited beside it, but has such statements inside
    auto work = [s]() -> awaitable<void> {
        co_await f({s});  // bad: braced
    };
    tasks.spawn([s](std::string t) -> awaitable<void> { co_await f(t ? s : t); }(s));  // bad: conditional lambda-lifetime
}
