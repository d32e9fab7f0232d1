#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace oneloop {

/// "2 s", "1.5 s", "250 ms": a limit as a person would say it.
std::string in_words(std::chrono::steady_clock::duration);

/// "64 MiB", "1.5 KiB", "12 bytes".
std::string in_words(std::uint64_t bytes);

} // namespace oneloop
