awaitable<void> conditions(reader& reader) {
    if (co_await reader.ready()) g();  // bad: bare-condition
    if (!(co_await reader.ready())) {  // bad: bare-condition
        g();
    } else if (co_await reader.size() > 3) {  // bad: bare-condition
        g();
    }
    while (co_await reader.ready()) g();  // bad: bare-condition
    do {
        g();
    } while (co_await reader.ready());  // bad: bare-condition
    do g(); while (co_await reader.ready());  // bad: bare-condition
    switch (co_await reader.kind()) {  // bad: bare-condition
    case 1: g();
    }
    for (int i = 0; i < co_await reader.size(); ++i)  // bad: bare-condition
        g();
    for (int i = 0; i < 3; co_await reader.skip())  // bad: bare-condition
        g();
    while ((item = co_await reader.next())) g();  // bad: bare-condition
    while (item = co_await reader.next()) g();  // bad: bare-condition
    while (this->item = co_await reader.next()) g();  // bad: bare-condition
    if (auto n = 3; co_await reader.skip(n)) g();  // bad: bare-condition
    if (
        n >
        co_await reader.size()  // bad: bare-condition
    )
        g();
    try {
        if (co_await reader.ready()) {  // bad: bare-condition
        }
    } catch (...) {}
#ifdef A
    if (co_await reader.ready())  // bad: bare-condition
#elif B
    while (co_await reader.ready())  // bad: bare-condition
#else
    switch (co_await reader.kind())  // bad: bare-condition
#endif
    {
    }
    if (co_await reader.ready()) g();  // bad: bare-condition
}

awaitable<void> shapes(reader& reader, bool b) {
    for (item = b ? co_await reader.next() : none; b; b = false) g();  // bad: conditional
    for (auto n = b; auto& x : b ? co_await reader.all() : none) g();  // bad: conditional
    if (b) [[unlikely]] { if (co_await reader.ready()) g(); }  // bad: bare-condition
    co_await run([this, &b, copy] {});  // bad: lambda-capture
    co_await f(R"(")", '"', 1'0, decltype(b){b});  // bad: braced
    T x = b ? none : co_await f();  // bad: conditional
    auto c = b ? co_await f() :  // bad: conditional
        R"x( // lint: no comment )" )x";
}
