// How the writing of a part begins.

#include "http_client/file_name.hpp"
#include "http_client/part_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

namespace oneloop::http {
namespace {

constexpr std::size_t longest_record = 8192;

std::string random_word() {
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device chance;
    std::string word;
    while (word.size() < 8)
        word += letters[chance() % letters.size()];
    return word;
}

std::string read_some(int fd) {
    std::string text(longest_record, '\0');
    const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

// Another one after each start of the machine; empty if there is none.
std::string boot_id() {
    const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return {};
    std::string id = read_some(fd);
    ::close(fd);
    return id.substr(0, id.find('\n'));
}

} // namespace

failure part_file::open() {
    close(); // of an attempt that found it locked
    if (const error_code why = directory_.open(plan_.directory.empty() ? "." : plan_.directory))
        return cannot("make", why);
    if (plan_.name.empty() || plan_.name == "." || plan_.name == ".." ||
        (!plan_.keep_others && directory_.has_directory(plan_.name)))
        return cannot("make", error_code(EISDIR, file_category())); // the rename would say so, in the end
    if (!plan_.sha256.empty())
        hash_.emplace();
    return plan_.resume ? open_kept() : open_new();
}

failure part_file::open_new() {
    for (int attempt = 0; attempt < 100; ++attempt) {
        part_ = with_ending(plan_.stem, "." + random_word() + std::string(part_ending));
        fd_ = directory_.make(part_, 0666);
        if (fd_ >= 0)
            return {};
        if (errno != EEXIST)
            break;
    }
    return cannot("make", last_error());
}

failure part_file::open_kept() {
    const std::size_t room = info_ending.size() - part_ending.size();
    part_ = with_ending(plan_.stem, part_ending, room);
    info_ = with_ending(plan_.stem, info_ending);
    if (failure why = lock_record(); why.code())
        return why;
    if (const error_code why = directory_.open_own(part_, 0666, fd_))
        return cannot("use the part of", why);
    const off_t there = ::lseek(fd_, 0, SEEK_END);
    const std::string text = read_some(info_fd_);
    if (text.empty() && there > 0) {
        ::close(std::exchange(fd_, -1));
        return cannot("use the part of", error_code(EEXIST, file_category()))
            .because(
                "there is a file " + plan_.path() + std::string(part_ending) + " that no download left there"
            );
    }
    if (auto known = part_record::parse(text))
        record_ = std::move(*known);
    const std::string boot = boot_id();
    size_ = record_.usable(static_cast<std::uint64_t>(there), plan_.url_key, boot);
    record_.boot = boot;
    record_.synced = std::min(record_.synced, size_);
    if (size_ > 0 && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) // what cannot be trusted goes
        return cannot("use the part of", last_error());
    return {};
}

// Whoever held the lock may have removed the file before we got it: then it protects nothing any more.
failure part_file::lock_record() {
    for (int attempt = 0; attempt < 100; ++attempt) {
        if (const error_code why = directory_.open_own(info_, 0600, info_fd_))
            return cannot("use the record of the part of", why);
        if (::flock(info_fd_, LOCK_EX | LOCK_NB) != 0) {
            const error_code why = last_error();
            ::close(std::exchange(info_fd_, -1));
            if (why.value() != EWOULDBLOCK)
                return cannot("lock the part of", why);
            return failure(error_code(EBUSY, file_category()))
                .because("another download is writing " + plan_.path() + std::string(part_ending));
        }
        if (directory_.holds(info_, info_fd_))
            return {};
        ::close(std::exchange(info_fd_, -1));
    }
    return failure(error_code(EBUSY, file_category()))
        .because("other downloads are writing " + plan_.path() + std::string(part_ending));
}

} // namespace oneloop::http
