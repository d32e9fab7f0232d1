#pragma once

/// Texts for people: numbers in short, and what others sent made harmless.

#include <cstddef>
#include <string>
#include <string_view>

/// What came from elsewhere, to be shown on a terminal: control characters, marks that turn the direction of
/// text, and bytes that are no UTF-8 become "?".
std::string printable(std::string_view text);

/// Exactly so many columns: filled with blanks, or cut with "…" at its end. Each character counts as one.
std::string fitted(std::string_view text, std::size_t columns);

/// "512 B", "12.3 KiB".
std::string bytes_text(double bytes);

/// "0:05", "2:03:04".
std::string time_text(double seconds);

/// "32", "0.5".
std::string in_short(double number);

bool is_sha256(std::string_view text);

/// The last part of the path of a URL, percent-decoded: what the server calls the file, as a list of its
/// checksums does. Ours has the name of `http::file_name_of`.
std::string file_name(std::string_view url);
