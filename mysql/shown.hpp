#pragma once

#include <string>
#include <string_view>

namespace oneloop::mysql {

/// The beginning of a statement for a failure's text, on one line: without what stands in quotes, and of a
/// statement that speaks of passwords only its first two words. Of one with comments, backslashes or
/// backticks, whose quotes are not for us to pair, only the first word.
std::string shown(std::string_view sql);

} // namespace oneloop::mysql
