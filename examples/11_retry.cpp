// Trying again what failed, with pauses that grow, when that is safe.

#include <oneloop/core.hpp>

#include <iostream>

using namespace oneloop;
using namespace std::chrono_literals;

// A server that is up after two attempts to reach it.
class server {
public:
    awaitable<std::string> get(std::string path) {
        std::cout << "  attempt " << ++attempts_ << "\n";
        co_await sleep_for(10ms);
        if (attempts_ <= 2)
            throw error(failure(errc::timed_out).in(phase::connect).doing("GET " + path));
        co_return path + " is here";
    }

    // Sent, and then the line was cut: nobody knows whether the server has acted on it.
    awaitable<> post(std::string what) {
        std::cout << "  attempt " << ++attempts_ << "\n";
        co_await sleep_for(10ms);
        throw error(
            failure(errc::timed_out).in(phase::first_byte).ended(outcome::in_doubt).doing("POST " + what)
        );
    }

private:
    int attempts_ = 0;
};

awaitable<> program() {
    std::cout << "what was not sent is safe to repeat:\n";
    server sleepy;
    auto fetch = [&](std::string path) { return sleepy.get(path); };
    const auto patient = retry_policy().attempts(5).backoff(20ms, 1s).total_time(30s);
    const auto page = co_await retry(patient, fetch, std::string("/index.html"));
    std::cout << "  " << page << "\n";

    std::cout << "what is in doubt is not:\n";
    server bad;
    auto order = [&](std::string what) { return bad.post(what); };
    try {
        co_await retry(patient, order, std::string("/order"));
    } catch (const error& e) {
        std::cout << "  " << e.what() << "\n";
    }

    std::cout << "unless the caller says that doing it twice does no harm:\n";
    server worse;
    auto set = [&](std::string what) { return worse.post(what); };
    const auto thrice = retry_policy().attempts(3).backoff(1ms, 10ms).idempotent();
    try {
        co_await retry(thrice, set, std::string("/light/on"));
    } catch (const error& e) {
        std::cout << "  " << e.what() << "\n";
    }
}

int main() {
    return run_main(program());
}

//> what was not sent is safe to repeat:
//>   attempt 1
//>   attempt 2
//>   attempt 3
//>   /index.html is here
//> what is in doubt is not:
//>   attempt 1
//>   POST /order: timed out (phase first byte; in doubt: it was sent and not answered)
//> unless the caller says that doing it twice does no harm:
//>   attempt 1
//>   attempt 2
//>   attempt 3
//>   POST /light/on: timed out, after 3 attempts (phase first byte; in doubt: it was sent and not answered)
