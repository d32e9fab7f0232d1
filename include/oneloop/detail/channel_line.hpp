#pragma once

/// Those who wait at one side of a channel, first come first served, whatever the type of its messages.

#include <oneloop/detail/cancel_link.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/error.hpp>

#include <list>
#include <memory>

namespace oneloop::detail {

class channel_line;

/// One operation that waits. It completes after it has left its line, and only then.
class channel_waiter : public pending {
public:
    void abandon() noexcept override;

protected:
    explicit channel_waiter(const executor& loop);

    virtual void cancelled_in_line() = 0;
    virtual void let_go() noexcept = 0; ///< destroys the handler uncalled

private:
    friend class channel_line;
    bool leave() noexcept;

    channel_line* line_ = nullptr; // while it stands in it
    std::list<std::shared_ptr<channel_waiter>>::iterator place_;
};

/// Used on the channel's loop only, and empty before it is destroyed.
class channel_line {
public:
    std::size_t size() const noexcept { return waiting_.size(); }

    /// Waits until it is taken from the line, or cancelled.
    void enter(const std::shared_ptr<channel_waiter>&, const std::shared_ptr<cancel_link>&);

    /// The one that waits longest, or null.
    std::shared_ptr<channel_waiter> take_first();

private:
    friend class channel_waiter;
    std::list<std::shared_ptr<channel_waiter>> waiting_;
};

failure channel_closed();
failure channel_line_full(std::size_t max_queued);

} // namespace oneloop::detail
