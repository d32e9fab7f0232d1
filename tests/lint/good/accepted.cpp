// Places that a comment with a reason accepts.
awaitable<void> accepted() {
    if (co_await f()) g();  // lint: the body has a local variable at its top, measured
    co_await f(point{1, 2});  // lint: two ints
    co_await f([n] {          // lint: n is an int
        g();
    });
}
