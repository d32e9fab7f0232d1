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

/// What libraries allocate at their first use and keep: OpenSSL, libcurl, Asio, the C library for its
/// threads. A check of less makes sense only over repeated use. (LeakSanitizer finds every byte in its own
/// build.)
inline constexpr std::size_t first_use = 1 << 20;

/// What is there now and was not before, in words; empty if nothing is. Up to `heap_growth` bytes are no
/// growth.
std::string left_over(const resources& before, std::size_t heap_growth = first_use);

/// Fails the test if something is still left over after 5 s: a closed thread or a server's side of a
/// connection takes a moment to go.
void require_same_resources(const resources& before, std::size_t heap_growth = first_use);

} // namespace oneloop::testing
