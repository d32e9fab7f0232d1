// Connect on entry, disconnect on every way out: also when the body throws, also when it is cancelled.

#include <oneloop/core.hpp>

#include <iostream>
#include <stdexcept>

using namespace oneloop;
using namespace std::chrono_literals;

// Like the clients of oneloop, it has a close() that can be awaited.
class connection {
public:
    awaitable<std::string> ask(std::string question) {
        co_await sleep_for(10ms);
        co_return "the answer to " + question;
    }
    awaitable<> close() {
        co_await sleep_for(50ms); // says goodbye, and waits for the answer
        std::cout << "  disconnected\n";
    }
};

awaitable<connection> connect() {
    co_await sleep_for(50ms);
    std::cout << "  connected\n";
    co_return connection();
}

awaitable<std::string> asks(connection& server, std::string question) {
    auto answer = co_await server.ask(question);
    if (question.empty())
        throw std::runtime_error("that was no question");
    co_return answer;
}

awaitable<> hangs(connection& server) {
    co_await server.ask("what takes for ever");
    co_await sleep_for(24h);
}

awaitable<> program() {
    std::cout << "the body returns:\n";
    const auto answer = co_await with_closing(connect(), asks, std::string("everything"));
    std::cout << "  " << answer << "\n";

    std::cout << "the body throws:\n";
    try {
        co_await with_closing(connect(), asks, std::string());
    } catch (const std::runtime_error& e) {
        std::cout << "  " << e.what() << "\n";
    }

    std::cout << "the body is cancelled:\n";
    try {
        co_await timeout(1s, with_closing(connect(), hangs));
    } catch (const error& e) {
        std::cout << "  " << e.what() << "\n";
    }

    std::cout << "any clean-up:\n";
    co_await with_cleanup(
        []() -> awaitable<> {
            std::cout << "  body\n";
            co_return;
        },
        []() -> awaitable<> {
            co_await sleep_for(10ms);
            std::cout << "  clean-up\n";
        }
    );
}

int main() {
    return run_main(program());
}

//> the body returns:
//>   connected
//>   disconnected
//>   the answer to everything
//> the body throws:
//>   connected
//>   disconnected
//>   that was no question
//> the body is cancelled:
//>   connected
//>   disconnected
//>   timed out (limit timeout 1 s)
//> any clean-up:
//>   body
//>   clean-up
