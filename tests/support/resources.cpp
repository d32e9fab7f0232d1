#include "tests/support/resources.hpp"

#include "tests/support/catch.hpp"

#include <malloc.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace oneloop::testing {

namespace fs = std::filesystem;

resources resources_now() {
    resources now;
    std::error_code gone; // such as the descriptor by which /proc/self/fd itself is read
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        auto target = fs::read_symlink(entry.path(), gone);
        now.descriptors.emplace(std::stoi(entry.path().filename()), target.string());
    }
    std::erase_if(now.descriptors, [&](const auto& d) {
        return !fs::is_symlink("/proc/self/fd/" + std::to_string(d.first), gone);
    });
    for ([[maybe_unused]] const auto& task : fs::directory_iterator("/proc/self/task"))
        ++now.threads;
    const auto memory = ::mallinfo2();
    now.heap = memory.uordblks + memory.hblkhd;
    return now;
}

std::string left_over(const resources& before, std::size_t heap_growth) {
    const resources now = resources_now();
    std::string what;
    for (const auto& [number, target] : now.descriptors) {
        auto old = before.descriptors.find(number);
        if (old == before.descriptors.end() || old->second != target)
            what += "descriptor " + std::to_string(number) + " = " + target + "\n";
    }
    if (now.threads > before.threads)
        what += std::to_string(now.threads - before.threads) + " threads\n";
    if (now.heap > before.heap + heap_growth)
        what += std::to_string(now.heap - before.heap) + " bytes of heap\n";
    return what;
}

void require_same_resources(const resources& before, std::size_t heap_growth) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::string what = left_over(before, heap_growth);
    while (!what.empty() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        what = left_over(before, heap_growth);
    }
    INFO("left over:\n" << what);
    REQUIRE(what.empty());
}

} // namespace oneloop::testing
