#pragma once

#include <oneloop/deadline.hpp>

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace oneloop {

/// Tells whether a file has changed, by what stat() says of it and at most once a second, so that it may be
/// asked at every turn. Reads no clock: every call is told the time.
class file_watch {
public:
    using clock = deadline::clock;

    explicit file_watch(std::string path) : path_(std::move(path)) {}

    const std::string& path() const noexcept { return path_; }

    /// True the first time, and whenever the file is another one than the last time. One that is not there is
    /// a state as any other.
    bool changed(clock::time_point now) {
        if (looked_at_ && now - *looked_at_ < std::chrono::seconds(1) && now >= *looked_at_)
            return false;
        const bool first = !looked_at_;
        looked_at_ = now;
        const state before = std::exchange(state_, look());
        return first || before != state_;
    }

private:
    struct state {
        bool there = false;
        dev_t device{};
        ino_t number{};
        off_t size{};
        long long changed_at = 0, written_at = 0; // ns
        friend bool operator==(const state&, const state&) = default;
    };

    state look() const noexcept {
        struct stat s {};
        if (path_.empty() || ::stat(path_.c_str(), &s) != 0)
            return {};
        return {true, s.st_dev, s.st_ino, s.st_size, in_ns(s.st_ctim), in_ns(s.st_mtim)};
    }
    static long long in_ns(const timespec& t) noexcept { return t.tv_sec * 1'000'000'000LL + t.tv_nsec; }

    std::string path_;
    std::optional<clock::time_point> looked_at_;
    state state_;
};

} // namespace oneloop
