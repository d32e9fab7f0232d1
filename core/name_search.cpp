#include "core/name_search.hpp"

#include "core/host_name.hpp"

#include <algorithm>

namespace oneloop {

std::vector<std::string> names_to_ask(
    std::string_view name, const std::vector<std::string>& search, std::size_t ndots
) {
    if (name.ends_with('.'))
        return {std::string(name.substr(0, name.size() - 1))};
    const auto dots = static_cast<std::size_t>(std::ranges::count(name, '.'));
    std::vector<std::string> out;
    for (const std::string& domain : search) {
        std::string longer = std::string(name) + "." + domain;
        if (!refuse_host_name(longer))
            out.push_back(std::move(longer));
    }
    out.insert(dots >= ndots ? out.begin() : out.end(), std::string(name));
    return out;
}

} // namespace oneloop
