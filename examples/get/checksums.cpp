#include "checksums.hpp"

#include "text.hpp"

#include <fstream>
#include <stdexcept>

checksums::checksums(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (!line.empty() && line.back() == '\r')
            line.pop_back();
        if (line.empty())
            continue;
        // 64 digits, a blank, a blank or "*" for "as bytes", the name
        const bool good = line.size() > 66 && is_sha256(line.substr(0, 64)) && line[64] == ' ' &&
                          (line[65] == ' ' || line[65] == '*');
        if (!good)
            throw std::invalid_argument(
                path + ", line " + std::to_string(number) + ": not what sha256sum writes"
            );
        const auto name = line.substr(line.find_last_of('/') + 1);
        found_[line.find('/') == line.npos ? line.substr(66) : name] = line.substr(0, 64);
    }
    if (!file.eof())
        throw std::invalid_argument("cannot read \"" + path + '"');
}

std::optional<std::string> checksums::of(const std::string& name) const {
    const auto found = found_.find(name);
    return found == found_.end() ? std::nullopt : std::optional(found->second);
}
