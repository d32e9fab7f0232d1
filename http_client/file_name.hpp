#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop::http {

/// Bytes of a name at most: what is added for the part, for the proof beside it and for a number must still
/// fit into the 255 that a file system takes.
inline constexpr std::size_t longest_file_name = 225;

/// Of a download that is under way, and of what is kept to resume it. No file that was named by others may
/// end like that, in whatever case: it would be taken for what we have written of another file.
inline constexpr std::string_view part_ending = ".part", info_ending = ".part.info";

/// A name that can do no harm as that of a file in a directory: valid UTF-8, one segment, without control
/// characters and marks that turn the direction of text, not hidden, not mistaken for an option, not for a
/// part, not too long. Never empty: "download" where nothing is left.
std::string harmless_name(std::string_view wish);

std::string percent_decoded(std::string_view text);

/// From the last segment of a URL's path, percent-decoded.
std::string name_from_url(std::string_view url);

/// From a Content-Disposition field (RFC 6266): filename* before filename, and only what follows the last
/// slash or backslash. Nothing if it names none.
std::optional<std::string> name_from_disposition(std::string_view field);

/// "name-1.txt" for 1, "name-2.tar.gz" for 2; the name itself for 0.
std::string numbered_name(const std::string& name, std::size_t number);

/// `name` with `ending`, shortened such that it fits into the 255 bytes of a name with `room` bytes to spare.
std::string with_ending(std::string_view name, std::string_view ending, std::size_t room = 0);

} // namespace oneloop::http
