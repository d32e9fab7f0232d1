#pragma once

#include <string>
#include <string_view>

namespace oneloop::mysql {

/// The beginning of a statement for a failure's text, on one line: without what stands in quotes, and of a
/// statement that speaks of passwords only its first two words.
std::string shown(std::string_view sql);

} // namespace oneloop::mysql
