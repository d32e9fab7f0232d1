#pragma once

#include <cstddef>
#include <vector>

namespace oneloop {

/// What a descriptor is watched for, or is ready for.
enum readiness : unsigned { not_ready = 0, readable = 1, writable = 2 };

/// Decides what to tell epoll about each descriptor; does no I/O itself.
///
/// A C library states an interest, withdraws it and states it again for every transfer on the same socket.
/// Telling epoll each time costs a quarter of a small HTTP request, so a withdrawn interest stays registered
/// until an event comes for which nobody waits.
class interest_table {
public:
    enum class step { nothing, add, modify, remove };

    /// The library waits for `what` on `fd` from now on (not_ready: for nothing).
    step want(int fd, unsigned what) {
        entry& e = at(fd);
        e.wanted = static_cast<unsigned char>(what);
        if (what == not_ready || what == e.registered)
            return step::nothing;
        const step next = e.registered == not_ready ? step::add : step::modify;
        e.registered = e.wanted;
        return next;
    }

    /// An event came. Nothing waits for it: epoll, being level-triggered, would report it for ever.
    step unwanted(int fd) {
        entry& e = at(fd);
        if (e.wanted != not_ready || e.registered == not_ready)
            return step::nothing;
        e.registered = not_ready;
        return step::remove;
    }

    /// The descriptor is about to be closed. Epoll would forget it by itself, unless a forked child has a
    /// copy: then it would report it for ever, under a number that nobody can take off any more.
    step closing(int fd) {
        const bool known = at(fd).registered != not_ready;
        forget(fd);
        return known ? step::remove : step::nothing;
    }

    /// The number was closed, or has become another socket: epoll forgot it by itself.
    void forget(int fd) noexcept {
        if (const auto i = static_cast<std::size_t>(fd); i < entries_.size())
            entries_[i] = entry();
    }

    unsigned wanted(int fd) const noexcept {
        const auto i = static_cast<std::size_t>(fd);
        return i < entries_.size() ? entries_[i].wanted : static_cast<unsigned>(not_ready);
    }

private:
    // Small, for there is one for every lower descriptor of the process, in each client's table
    struct entry {
        unsigned char registered = not_ready, wanted = not_ready;
    };

    entry& at(int fd) {
        const auto i = static_cast<std::size_t>(fd);
        if (i >= entries_.size())
            entries_.resize(i + 1);
        return entries_[i];
    }

    std::vector<entry> entries_; // by descriptor: the kernel gives out the lowest free number
};

} // namespace oneloop
