#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace oneloop::testing {

/// What the process holds at one moment.
struct resources {
    std::map<int, std::string> descriptors; ///< number -> what it is ("socket:[4711]", a path)
    std::size_t threads = 0;
    std::size_t heap = 0; ///< bytes in use; 0 under AddressSanitizer, which has an allocator of its own
};

resources resources_now();

/// What is there now and was not before, in words; empty if nothing is. Up to `heap_growth` bytes are no
/// growth: Asio and the C library keep some memory of what was freed.
std::string left_over(const resources& before, std::size_t heap_growth = 4096);

/// Fails the test if something is still left over after 5 s: a closed thread or a server's side of a
/// connection takes a moment to go.
void require_same_resources(const resources& before, std::size_t heap_growth = 4096);

} // namespace oneloop::testing
