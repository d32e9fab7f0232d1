#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oneloop {

/// The names to ask for, one after the other until one exists, where somebody wrote `name`. Never empty; none
/// has a dot at the end.
///
/// A name with a dot at the end is meant as it is. One with at least `ndots` dots is asked as it is first,
/// and with the search domains after that; one with fewer the other way round. A name that gets too long with
/// a domain is left out.
std::vector<std::string> names_to_ask(
    std::string_view name, const std::vector<std::string>& search, std::size_t ndots
);

} // namespace oneloop
