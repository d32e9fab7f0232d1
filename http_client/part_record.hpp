#pragma once

#include "http_client/resume.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop::http {

/// What is kept beside a part to know its version again: a few lines of text, with a checksum, because a file
/// may be found half written. Of URLs it holds hashes only: there are secrets in some.
class part_record {
public:
    part_record() = default;

    std::string text() const;
    /// Nothing if that is no record, or not a whole one.
    static std::optional<part_record> parse(std::string_view text);

    /// How many of the `size` bytes of a part can be gone on from, for a request of `url_key`. Those that
    /// were written before the machine started anew count only if they had been forced to the disk.
    std::uint64_t usable(std::uint64_t size, std::string_view url_key, std::string_view boot) const;

    std::string url;  // that was asked for
    std::string from; // that answered, without its query
    file_version version;
    std::string boot;         // when it was written: the system's number of its start
    std::uint64_t synced = 0; // bytes of the part that are on the disk
};

} // namespace oneloop::http
