#pragma once

/// Operations in flight belong to the loop's context, as Asio's own do: when an io_context is destroyed with
/// work pending, their handlers are destroyed uncalled. Without this a coroutine that waits for a client
/// which lives in the same coroutine would keep itself alive for ever.

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/cancel_link.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/intrusive/list.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace oneloop::detail {

class pending;

/// Every operation in flight on one context. Operations share it, because a thread may hold one for longer
/// than the context lives.
struct pending_registry {
    std::mutex mutex;
    bool dead = false; ///< the context is being destroyed, or was
    boost::intrusive::list<pending, boost::intrusive::base_hook<boost::intrusive::list_base_hook<>>> all;

    static std::shared_ptr<pending_registry> of(const executor& loop);

    bool alive() {
        std::lock_guard lock(mutex);
        return !dead;
    }
};

/// Whether the caller is a handler of this very loop; false also where that cannot be told cheaply.
bool runs_here(const executor& loop) noexcept;

/// What asio::dispatch does, at a tenth of the price where there is nothing to dispatch.
template <class Function>
void run_on(const executor& loop, Function what) {
    if (runs_here(loop))
        what();
    else
        boost::asio::dispatch(loop, std::move(what));
}

class pending : public std::enable_shared_from_this<pending>, public boost::intrusive::list_base_hook<> {
public:
    pending(const pending&) = delete;
    pending& operator=(const pending&) = delete;

    /// The context dies: let go of every handler without calling it.
    virtual void abandon() noexcept = 0;

    /// The way by which a cancellation request arrives, kept until the operation or the context ends.
    void listen_to(std::shared_ptr<cancel_link> link) { link_ = std::move(link); }
    void stop_listening() noexcept { link_.reset(); }

protected:
    explicit pending(std::shared_ptr<pending_registry> registry);
    virtual ~pending();

private:
    std::shared_ptr<pending_registry> registry_;
    std::shared_ptr<cancel_link> link_;
};

} // namespace oneloop::detail
