#pragma once

/// A cancellation request on its way from wherever it is emitted to the loop of the operation. The coroutine
/// that cancels may run on another loop, may cancel before the operation has arrived, or long after it has
/// ended.

#include <oneloop/awaitable.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace oneloop::detail {

class cancel_link {
public:
    /// Called where the operation is started. Null if nobody can cancel it. What is put into the slot owns
    /// nothing, so it may stay there for as long as it likes.
    static std::shared_ptr<cancel_link> connect(boost::asio::cancellation_slot slot, const executor& loop) {
        if (!slot.is_connected())
            return nullptr;
        auto link = std::make_shared<cancel_link>();
        slot.assign([weak = std::weak_ptr(link), loop](boost::asio::cancellation_type) {
            if (const auto alive = weak.lock())
                boost::asio::dispatch(loop, [alive] { alive->request(); });
        });
        return link;
    }

    /// The rest is called on the operation's loop. A request that came first is answered at once.
    void when_requested(std::function<void()> cancel) {
        cancel_ = std::move(cancel);
        if (requested_)
            request();
    }

private:
    void request() {
        requested_ = true;
        if (const auto cancel = std::exchange(cancel_, nullptr))
            cancel();
    }

    std::function<void()> cancel_;
    bool requested_ = false;
};

} // namespace oneloop::detail
