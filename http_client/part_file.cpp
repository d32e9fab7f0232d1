// What is written, and how it ends. How it begins is in part_open.cpp.

#include "http_client/part_file.hpp"

#include "http_client/file_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace oneloop::http {

std::string file_plan::path() const {
    if (directory.empty())
        return name;
    return directory.back() == '/' ? directory + name : directory + "/" + name;
}

failure part_file::cannot(const char* what, const error_code& why) const {
    return failure(why).because("cannot " + std::string(what) + " " + plan_.path() + ": " + why.message());
}

bool part_file::hash_more(failure& why) {
    static constexpr std::uint64_t at_once = std::uint64_t{1} << 20;
    if (!hash_ || hashed_ >= size_)
        return false;
    std::string bytes(std::min(at_once, size_ - hashed_), '\0');
    const ssize_t count = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(hashed_));
    if (count < 0 && errno == EINTR)
        return true;
    if (count <= 0) {
        why = cannot("read the part of", count < 0 ? last_error() : error_code(EIO, file_category()));
        return false;
    }
    hash_->add(std::string_view(bytes).substr(0, static_cast<std::size_t>(count)));
    hashed_ += static_cast<std::uint64_t>(count);
    return true;
}

// The part is emptied before the record is written: in between it belongs to no version.
failure part_file::start_over(part_record of) {
    untouched_ = false;
    size_ = hashed_ = 0;
    if (hash_)
        hash_.emplace();
    if (::ftruncate(fd_, 0) != 0)
        return cannot("empty the part of", last_error());
    if (!plan_.resume)
        return {};
    of.url = plan_.url_key;
    of.boot = record_.boot;
    record_ = std::move(of);
    if (const error_code why = write_record())
        return cannot("write the record of", why);
    return {};
}

failure part_file::write(std::string_view bytes) {
    untouched_ = false;
    if (const error_code why = write_at(fd_, bytes, size_))
        return cannot("write", why);
    size_ += bytes.size();
    if (hash_) {
        hash_->add(bytes);
        hashed_ = size_;
    }
    return {};
}

// In place, because it carries the lock, and because there may be no room for another on a full disk.
error_code part_file::write_record() {
    const std::string text = record_.text();
    if (const error_code why = write_at(info_fd_, text, 0))
        return why;
    if (::ftruncate(info_fd_, static_cast<off_t>(text.size())) != 0)
        return last_error();
    return plan_.sync && ::fdatasync(info_fd_) != 0 ? last_error() : error_code();
}

failure part_file::check_hash() {
    const std::string found = hash_ ? hash_->hex() : std::string();
    if (found == plan_.sha256)
        return {};
    return failure(errc::protocol_violation)
        .because("the SHA-256 of " + plan_.path() + " would be " + found + ", not " + plan_.sha256);
}

// Closing reports what a network file system could not write; ours is still needed.
failure part_file::flush() {
    const bool done = plan_.sync ? ::fsync(fd_) == 0 : ::close(::dup(fd_)) == 0 || errno == EINTR;
    return done ? failure() : cannot("finish", last_error());
}

failure part_file::take_name() {
    static constexpr std::size_t most = 10'000;
    if (!plan_.keep_others) {
        const error_code why = directory_.rename(part_, plan_.name);
        return why ? cannot("give its name to", why) : failure();
    }
    const std::string name = plan_.name;
    error_code why;
    for (std::size_t number = 0; number < most; ++number) {
        plan_.name = numbered_name(name, number);
        why = directory_.rename_if_new(part_, plan_.name);
        if (why != error_code(EEXIST, file_category()))
            break;
    }
    return why ? cannot("give its name to", why) : failure();
}

failure part_file::commit(std::string name) {
    if (!name.empty())
        plan_.name = std::move(name);
    failure why = check_hash();
    if (!why.code())
        why = flush();
    if (why.code()) {
        discard();
        return why;
    }
    if (why = take_name(); why.code()) {
        stop();
        return why;
    }
    part_.clear();
    if (plan_.sync)
        if (const error_code unsafe = directory_.sync(fd_))
            why = cannot("force to the disk the name of", unsafe);
    discard(); // what is left: the record
    return why;
}

void part_file::stop() noexcept {
    if (fd_ < 0) { // it was never opened, or is through
        if (info_fd_ >= 0 && ::lseek(info_fd_, 0, SEEK_END) == 0)
            directory_.remove(info_);
        return close();
    }
    const bool worth_it = plan_.resume && size_ > 0 && record_.version.provable();
    if (plan_.resume && untouched_ ? ::lseek(fd_, 0, SEEK_END) == 0 : !worth_it)
        return discard();
    try {
        if (!untouched_) {
            if (plan_.sync && ::fdatasync(fd_) == 0)
                record_.synced = size_;
            write_record();
        }
        close();
    } catch (...) {
        close(); // no memory: then it is as if it had been killed
    }
}

void part_file::discard() noexcept {
    if (fd_ >= 0 && !part_.empty())
        directory_.remove(part_);
    if (info_fd_ >= 0)
        directory_.remove(info_);
    close();
}

// The lock goes last.
void part_file::close() noexcept {
    if (fd_ >= 0)
        ::close(std::exchange(fd_, -1));
    if (info_fd_ >= 0)
        ::close(std::exchange(info_fd_, -1));
    directory_.close();
    part_.clear();
}

} // namespace oneloop::http
