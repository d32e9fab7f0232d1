#pragma once

#include <oneloop/error.hpp>

#include <string>

namespace oneloop::http {

/// A file that is being written beside the one it is to become. Every function blocks: call them on a
/// blocking pool. An object that dies uncommitted removes what it wrote.
class part_file {
public:
    explicit part_file(std::string path) : path_(std::move(path)) {}
    ~part_file() { discard(); }
    part_file(const part_file&) = delete;
    part_file& operator=(const part_file&) = delete;

    /// Makes a new file, `path` with a random ending and ".part": two downloads to one path cannot meet in
    /// it.
    error_code open();
    error_code write(const std::string& bytes);

    /// Gives the file its name in one step; whatever had that name before is gone then, and not earlier.
    error_code commit();
    void discard() noexcept;

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_, part_;
    int fd_ = -1;
};

} // namespace oneloop::http
