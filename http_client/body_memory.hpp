#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace oneloop::http {

/// The memory of large bodies, for those that come next. malloc gives such memory back to the system, and the
/// system makes it anew page by page: for a body of 10 MiB that takes longer than to receive it. Responses
/// end on whichever thread they like.
class body_memory {
public:
    static constexpr std::size_t worth_keeping = std::size_t{256} << 10; // each
    static constexpr std::size_t most_kept = std::size_t{64} << 20;      // in all

    /// An empty string with room for so many bytes and for no more than twice as many, if one was kept;
    /// otherwise one without room.
    std::string take(std::size_t bytes);

    void give(std::string&& body) noexcept;

    /// Keeps what is given from now on, or nothing any more.
    void open();
    void close() noexcept;

private:
    std::mutex mutex_;
    std::vector<std::string> kept_; // the oldest first
    std::size_t bytes_ = 0;
    bool open_ = false;
};

/// Makes room for a body. Of much room the system is told that it may make it in large pages.
void make_room(std::string& body, std::size_t bytes);

} // namespace oneloop::http
