#pragma once

#include <oneloop/error.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

namespace oneloop::http {

/// A directory that is open: whatever becomes of its path, the names below are those in it. Links are never
/// followed. Every function blocks, and gives errno as a code of `file_category`.
class directory {
public:
    directory() = default;
    ~directory() { close(); }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;

    error_code open(const std::string& path);
    /// A new file, which must not be there. -1 with errno if there is none to be had.
    int make(const std::string& name, unsigned mode) const;
    /// A regular file of our own with one name only, made if need be.
    error_code open_own(const std::string& name, unsigned mode, int& fd) const;
    /// `fd` is the file of this name, still.
    bool holds(const std::string& name, int fd) const;
    bool has_directory(const std::string& name) const;

    error_code rename(const std::string& from, const std::string& to) const;
    /// EEXIST if there is one of that name, be it a link that leads nowhere.
    error_code rename_if_new(const std::string& from, const std::string& to) const;
    void remove(const std::string& name) const noexcept;

    /// Forces the names to the disk. `file` is one on the same file system.
    error_code sync(int file) const;
    void close() noexcept;

private:
    int fd_ = -1;
    bool readable_ = true;
};

/// Writes all of it.
error_code write_at(int fd, std::string_view bytes, std::uint64_t at);

inline error_code last_error() {
    return {errno, file_category()};
}

} // namespace oneloop::http
