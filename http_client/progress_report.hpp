#pragma once

#include "core/loop_timer.hpp"
#include "http_client/progress.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>
#include <oneloop/http/download.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace oneloop::http {

/// Calls a function of the user's from time to time, from handlers of its own: it may do whatever it likes,
/// also to the client that this belongs to.
class progress_report : public std::enable_shared_from_this<progress_report> {
public:
    using function = std::function<void(const download_progress&)>;

    progress_report(executor loop, function f, duration interval);

    /// Called if the function throws; then it is not called any more.
    void when_failed(std::function<void(failure)> failed) { failed_ = std::move(failed); }

    /// The next call tells this. `received` are the bytes from the network.
    void changed(std::uint64_t bytes, std::optional<std::uint64_t> total, std::uint64_t received);

    /// Calls it once more, and then `next`, unless it was stopped in between.
    void last(std::function<void()> next);
    void stop();

private:
    void tell();

    executor loop_;
    std::shared_ptr<const function> function_;
    duration interval_;
    loop_timer timer_;
    progress_meter meter_;
    std::function<void(failure)> failed_;
    std::function<void()> next_;
    std::uint64_t bytes_ = 0, received_ = 0;
    std::optional<std::uint64_t> total_;
    bool waiting_ = false, stopped_ = false;
};

} // namespace oneloop::http
