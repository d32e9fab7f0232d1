#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace oneloop {

/// "2 s", "1.5 s", "250 ms": a limit as a person would say it.
std::string in_words(std::chrono::steady_clock::duration);

/// "64 MiB", "1.5 KiB", "12 bytes".
std::string in_words(std::uint64_t bytes);

/// What somebody else has written, for a message: without control characters, which could forge lines of a
/// log, and cut after `most` bytes.
std::string printable(std::string_view text, std::size_t most = 500);

} // namespace oneloop
