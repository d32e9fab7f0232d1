#pragma once

/// Those who wait for one thing, first come first served. Every wait can be cancelled and gives its place
/// free.

#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/token.hpp>

#include <functional>
#include <list>
#include <memory>

namespace oneloop::detail {

class wait_list : public std::enable_shared_from_this<wait_list> {
public:
    explicit wait_list(executor loop) : loop_(std::move(loop)), registry_(pending_registry::of(loop_)) {}

    /// Completes when notified, or with operation_aborted when cancelled.
    template <class Token = throwing_t>
    auto wait(Token&& token = {}) {
        using start = void (*)(const std::shared_ptr<wait_list>&, completion<>);
        return boost::asio::async_initiate<Token, void(error_code)>(
            initiation<wait_list, start>(loop_, shared_from_this(), start(&wait_list::enter)), token
        );
    }

    static void enter(const std::shared_ptr<wait_list>& self, completion<> handler);
    static void enter(
        const std::shared_ptr<wait_list>& self, completion<> handler, std::shared_ptr<cancel_link> link
    );
    /// Who takes the handlers of those that wait when the loop is destroyed. Without this they die at once.
    void keep_abandoned(std::function<void(completion<>)> keeper) { keeper_ = std::move(keeper); }

    bool empty() const noexcept { return waiters_.empty(); }
    void notify_one();
    void notify_all();
    /// All who wait are cancelled.
    void cancel_all();

private:
    struct waiter;
    void leave(waiter&);

    executor loop_;
    std::shared_ptr<pending_registry> registry_;
    std::list<std::shared_ptr<waiter>> waiters_;
    std::function<void(completion<>)> keeper_;
};

} // namespace oneloop::detail
