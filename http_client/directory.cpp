#include "http_client/directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace oneloop::http {

error_code directory::open(const std::string& path) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // One that we may not list is good enough to make files in
    if (readable_ = fd_ >= 0 || errno != EACCES; !readable_)
        fd_ = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd_ < 0 ? last_error() : error_code();
}

int directory::make(const std::string& name, unsigned mode) const {
    return ::openat(fd_, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

error_code directory::open_own(const std::string& name, unsigned mode, int& fd) const {
    fd = ::openat(fd_, name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
    if (fd < 0)
        return last_error();
    struct stat s {};
    error_code why;
    if (::fstat(fd, &s) != 0)
        why = last_error();
    else if (!S_ISREG(s.st_mode) || s.st_nlink > 1 || s.st_uid != ::geteuid())
        why = error_code(EPERM, file_category());
    if (why)
        ::close(std::exchange(fd, -1));
    return why;
}

bool directory::holds(const std::string& name, int fd) const {
    struct stat here {
    }, there{};
    return ::fstat(fd, &here) == 0 && ::fstatat(fd_, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

bool directory::has_directory(const std::string& name) const {
    struct stat s {};
    return ::fstatat(fd_, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(s.st_mode);
}

error_code directory::rename(const std::string& from, const std::string& to) const {
    return ::renameat(fd_, from.c_str(), fd_, to.c_str()) == 0 ? error_code() : last_error();
}

error_code directory::rename_if_new(const std::string& from, const std::string& to) const {
    if (::renameat2(fd_, from.c_str(), fd_, to.c_str(), RENAME_NOREPLACE) == 0)
        return {};
    if (errno != EINVAL && errno != ENOSYS)
        return last_error();
    // A file system that cannot do that: an empty file takes the name first
    const int claim = make(to, 0666);
    if (claim < 0)
        return last_error();
    ::close(claim);
    const error_code why = rename(from, to);
    if (why)
        remove(to);
    return why;
}

void directory::remove(const std::string& name) const noexcept {
    ::unlinkat(fd_, name.c_str(), 0);
}

error_code directory::sync(int file) const {
    if (!readable_)
        return ::syncfs(file) == 0 ? error_code() : last_error();
    // Some file systems know no such thing
    return ::fsync(fd_) == 0 || errno == EINVAL || errno == ENOTSUP ? error_code() : last_error();
}

void directory::close() noexcept {
    if (fd_ >= 0)
        ::close(std::exchange(fd_, -1));
}

error_code write_at(int fd, std::string_view bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return last_error();
        bytes.remove_prefix(static_cast<std::size_t>(count));
        at += static_cast<std::uint64_t>(count);
    }
    return {};
}

} // namespace oneloop::http
