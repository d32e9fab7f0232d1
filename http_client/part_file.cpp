#include "http_client/part_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

error_code last_error() {
    return {errno, boost::system::system_category()};
}

std::string random_word() {
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device chance;
    std::string word;
    while (word.size() < 8)
        word += letters[chance() % letters.size()];
    return word;
}

} // namespace

error_code part_file::open() {
    do {
        part_ = path_ + "." + random_word() + ".part";
        fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    } while (fd_ < 0 && errno == EEXIST);
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
