#pragma once

/// What `sha256sum` writes: the checksums of files by their names.

#include <map>
#include <optional>
#include <string>

class checksums {
public:
    checksums() = default; ///< of nothing

    /// Throws std::invalid_argument if it cannot be read, or a line is none of sha256sum's.
    explicit checksums(const std::string& path);

    /// Of the file with this name, whatever directory the list has it in.
    std::optional<std::string> of(const std::string& name) const;

private:
    std::map<std::string, std::string> found_;
};
