#pragma once

#include "http_client/part_file.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/error.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace oneloop::http {

/// Takes a body from the loop and writes it on the blocking pool: one buffer fills while the other is
/// written. Lives on the loop; a coroutine of its own moves the buffers.
class file_sink : public std::enable_shared_from_this<file_sink> {
public:
    static constexpr std::size_t buffer_size = std::size_t{256} << 10;

    file_sink(executor loop, std::string path);

    /// Opens the file, then calls `ready` with the outcome, from the loop.
    void open(std::function<void(failure)> ready);

    /// False when there is no room: the sender has to stop until `room` is called.
    bool write(std::string_view piece);
    void when_room(std::function<void()> room) { room_ = std::move(room); }

    /// Called once if writing fails, in place of anything else.
    void when_failed(std::function<void(failure)> failed) { failed_ = std::move(failed); }

    /// Called last of all, also after abandon(): the file has its name or is removed.
    void when_gone(std::function<void()> gone) { gone_ = std::move(gone); }

    /// After the last byte: writes what is left and gives the file its name, or removes it if it is not
    /// `wanted`.
    void finish(bool wanted, std::function<void(failure)> done);

    /// The download is over, whatever becomes of the file: it is removed, and nothing is called any more.
    void abandon();

private:
    static awaitable<void> work(std::shared_ptr<file_sink> self);
    awaitable<error_code> move_buffers();
    failure told(error_code code, const char* what) const;

    executor loop_;
    std::shared_ptr<part_file> file_;
    std::string filling_, writing_;
    std::shared_ptr<oneloop::detail::wait_list> filled_;
    std::function<void(failure)> ready_, failed_, done_;
    std::function<void()> room_, gone_;
    bool sender_waits_ = false, ended_ = false, wanted_ = false, abandoned_ = false;
};

} // namespace oneloop::http
