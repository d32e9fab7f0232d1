#pragma once

#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/http/fetcher.hpp>

#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace oneloop::http {

class transfer;

/// So many requests in hand at once: under way, or answered and not taken yet, so that a slow program does
/// not collect them all. No coroutine for each: they are the engine's transfers.
class fetching : public std::enable_shared_from_this<fetching> {
public:
    fetching(const executor& loop, std::shared_ptr<engine>, detail::request_source, std::size_t at_once);

    static awaitable<std::optional<fetched>> next(std::shared_ptr<fetching> self);

    /// Nobody wants the rest.
    void stop() noexcept;

private:
    struct flight;

    void begin_more();
    void begin(request);
    void landed(const std::shared_ptr<flight>&, result<response>);
    static awaitable<void> ask(std::shared_ptr<fetching> self);
    std::size_t in_hand() const noexcept { return running_.size() - free_.size() + ready_.size(); }

    executor loop_;
    std::shared_ptr<engine> engine_;
    detail::request_source source_;
    const std::size_t at_once_;
    std::shared_ptr<oneloop::detail::pending_registry> registry_;
    std::shared_ptr<oneloop::detail::wait_list> arrived_, room_;
    std::shared_ptr<oneloop::detail::nursery> asker_; // of an asynchronous source
    std::vector<std::weak_ptr<transfer>> running_;
    std::vector<std::size_t> free_; // places in there
    std::deque<fetched> ready_;
    std::exception_ptr source_failed_;
    std::size_t begun_ = 0;
    bool at_end_ = false, stopped_ = false, waiting_ = false;
};

} // namespace oneloop::http
