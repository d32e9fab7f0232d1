#include "http_client/part_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <random>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

error_code last_error() {
    return {errno, file_category()};
}

std::string random_word() {
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device chance;
    std::string word;
    while (word.size() < 8)
        word += letters[chance() % letters.size()];
    return word;
}

// A name may have 255 bytes (NAME_MAX); what is added must not make a good one too long.
std::string part_name(const std::string& path) {
    static constexpr std::size_t longest = 240;
    const auto begin = path.find_last_of('/') + 1; // 0 if there is none
    return path.substr(0, std::min(path.size(), begin + longest)) + "." + random_word() + ".part";
}

} // namespace

error_code part_file::open() {
    struct stat there {};
    if (::stat(path_.c_str(), &there) == 0 && S_ISDIR(there.st_mode))
        return {EISDIR, file_category()}; // rename() would say so, after all the work
    for (int attempt = 0; attempt < 100; ++attempt) {
        part_ = part_name(path_);
        fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd_ >= 0 || errno != EEXIST)
            break;
    }
    if (fd_ < 0) {
        const error_code why = last_error();
        part_.clear();
        return why;
    }
    return {};
}

error_code part_file::write(const std::string& bytes) {
    std::string_view left = bytes;
    while (!left.empty()) {
        const ssize_t count = ::write(fd_, left.data(), left.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return last_error();
        left.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

error_code part_file::commit() {
    // close() reports what a network file system could not write
    if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) {
        const error_code why = last_error();
        discard();
        return why;
    }
    if (std::rename(part_.c_str(), path_.c_str()) != 0) {
        const error_code why = last_error();
        discard();
        return why;
    }
    part_.clear();
    return {};
}

void part_file::discard() noexcept {
    if (fd_ >= 0)
        ::close(std::exchange(fd_, -1));
    if (!part_.empty())
        ::unlink(part_.c_str());
    part_.clear();
}

} // namespace oneloop::http
