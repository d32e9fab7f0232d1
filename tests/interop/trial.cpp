#include "tests/interop/trial.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/run_test.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace oneloop::testing {

using namespace std::chrono_literals;

namespace {

// Nothing if all is well.
awaitable<std::string> failure_of_check(const capability& one, http::client& http, std::string site) {
    try {
        co_await one.check(http, site);
    } catch (const std::exception& e) {
        co_return std::string(e.what()) + " "; // also if it has no words
    }
    co_return std::string();
}

} // namespace

trial::trial(std::string name, std::vector<std::string> packages) : name_(std::move(name)) {
    for (const auto& package : packages) {
        const auto version = version_of(package);
        INFO("package " << package << "; tests/run -L interop installs it");
        REQUIRE_FALSE(version.empty());
        versions_ += (versions_.empty() ? "" : ", ") + package + " " + version;
    }
}

trial& trial::http2() {
    http2_ = true;
    return remark("unknown length", "libcurl cannot tell whether such a body is whole (certainly_complete)");
}

std::string trial::cell(const std::string& capability, const std::string& failure) const {
    INFO(name_ << ": " << capability << ": " << failure);
    const auto known = known_.find(capability);
    if (known == known_.end()) {
        CHECK(failure.empty());
        const auto remark = remarks_.find(capability);
        const auto yes = remark == remarks_.end() ? "yes" : "yes: " + remark->second;
        return failure.empty() ? yes : "FAILED: " + failure;
    }
    CHECK_THAT(failure, containing(known->second.part));
    CHECK_FALSE(failure.empty()); // it works now: the table need not excuse it any more
    return "no: " + known->second.why;
}

awaitable<> trial::try_all(std::string site, std::string hello) {
    auto limits = http::timeouts();
    limits.connect = limits.first_byte = limits.total = 60s; // a server may be slow to start
    const auto options = http::client_options(client_).http2(http2_).time_limits(limits);
    const auto loop = co_await this_coro::executor;
    auto http = std::make_unique<http::client>(loop, options);
    const auto first = co_await http->get(site + hello);
    CHECK(first.status() == 200);
    CHECK(first.version() == (http2_ ? "HTTP/2" : "HTTP/1.1"));
    for (const auto& one : *capabilities_) {
        if (apart_) {
            co_await http->close();
            http = std::make_unique<http::client>(loop, options);
        }
        const auto failure = co_await failure_of_check(one, *http, site);
        cells_.push_back(one.name + '\t' + cell(one.name, failure));
    }
    co_await http->close();
}

void trial::run(const packaged_server& server, const std::string& site, const std::string& hello) {
    try {
        // The checks compare megabytes between two turns of the loop, and that is not what is tested here
        run_test([&]() -> awaitable<> { return try_all(site, hello); }, 110s, 5s);
    } catch (const std::exception& e) {
        FAIL(name_ << ": " << e.what() << "\nits log:\n" << server.log());
    }
    const auto failed = [](const std::string& c) { return c.find("\tFAILED: ") != std::string::npos; };
    if (std::ranges::any_of(cells_, failed))
        WARN(name_ << " wrote:\n" << server.log());
    write_row(name_, versions_, cells_);
}

void write_row(const std::string& name, const std::string& versions, const std::vector<std::string>& cells) {
    const char* chosen = std::getenv("ONELOOP_INTEROP_ROWS");
    if (!chosen)
        return;
    std::string file = name;
    std::ranges::replace(file, '/', '-');
    std::ofstream out(std::filesystem::path(chosen) / file);
    out << name << '\n' << versions << '\n';
    for (auto line : cells) {
        std::ranges::replace(line, '\n', ' ');
        out << line << '\n';
    }
    REQUIRE(out.flush());
}

} // namespace oneloop::testing
