// Coroutine lambdas that are gone before they run.

void in_a_group(task_group& tasks, http::client& http, std::vector<std::string> urls) {
    for (auto& url : urls)
        tasks.spawn([&]() -> awaitable<> { co_await http.get(url); }()); // bad: lambda-lifetime
}

void on_a_loop(asio::io_context& loop, std::string text) {
    asio::co_spawn(loop, [text]() -> awaitable<> { co_await print(text); }(), asio::detached); // bad: lambda-lifetime
    auto later = [&text] { return 0; }();
    auto coroutine = [&text]() -> awaitable<> { co_return; }(); // bad: lambda-lifetime
}
