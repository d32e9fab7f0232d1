#pragma once

#include "http_client/part_file.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop::http {

/// Takes a body from the loop and writes it on the blocking pool: one buffer fills while the other is
/// written. Lives on the loop; a coroutine of its own moves the buffers.
class file_sink : public std::enable_shared_from_this<file_sink> {
public:
    static constexpr std::size_t buffer_size = std::size_t{256} << 10;

    file_sink(executor loop, file_plan plan);

    /// Opens the file, then calls `ready` with the outcome, from the loop.
    void open(std::function<void(failure)> ready);

    /// What was there when it was opened. After `ready` only.
    std::uint64_t found() const noexcept { return found_; }
    const part_record& found_record() const noexcept { return found_record_; }

    /// What was written and taken so far is dropped: now comes a file of another version.
    void start_over(part_record of);

    /// False when there is no room: the sender has to stop until `room` is called.
    bool write(std::string_view piece);
    void when_room(std::function<void()> room) { room_ = std::move(room); }

    /// Called once if writing fails, in place of anything else.
    void when_failed(std::function<void(failure)> failed) { failed_ = std::move(failed); }

    /// Called last of all, also after abandon(): the file has its name, or its part is stopped or removed.
    void when_gone(std::function<void()> gone) { gone_ = std::move(gone); }

    /// After the last byte: writes what is left and gives the file its name (`name`, if that is not empty),
    /// or stops if it is not `wanted`. `done` is given where it is now as well.
    void finish(bool wanted, std::string name, std::function<void(failure, std::string)> done);

    /// The download is over, whatever becomes of the file: the part is stopped with what came so far, or
    /// removed if it is `spoilt`, and nothing is called any more.
    void abandon(bool spoilt);

    bool failed() const noexcept { return broken_; }

private:
    static awaitable<void> work(std::shared_ptr<file_sink> self);
    awaitable<failure> open_part();
    awaitable<failure> move_buffers();
    awaitable<failure> conclude(bool whole);

    executor loop_;
    std::shared_ptr<part_file> file_;
    std::string filling_, writing_, name_;
    std::shared_ptr<oneloop::detail::wait_list> filled_;
    std::function<void(failure)> ready_, failed_;
    std::function<void(failure, std::string)> done_;
    std::function<void()> room_, gone_;
    std::optional<part_record> over_; // to start over with
    std::uint64_t found_ = 0;
    part_record found_record_;
    bool sender_waits_ = false, ended_ = false, wanted_ = false, abandoned_ = false, spoilt_ = false,
         broken_ = false;
};

} // namespace oneloop::http
