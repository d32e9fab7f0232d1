#pragma once

#include "core/dns_walk.hpp"
#include "core/loop_timer.hpp"
#include <oneloop/deadline.hpp>
#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/resolver.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace oneloop::detail {

class name_waiter;
using waiting_list = std::list<std::shared_ptr<name_waiter>>;

/// One who waits for a name.
class name_waiter final : public pending {
public:
    name_waiter(std::shared_ptr<pending_registry> registry, std::string name, completion<addresses> done)
        : pending(std::move(registry)), name_(std::move(name)), done_(std::move(done)) {}

    bool waits() const noexcept { return static_cast<bool>(done_); }
    const std::string& name() const noexcept { return name_; }
    boost::asio::cancellation_slot slot() const noexcept { return done_.slot(); }

    /// Completing one who was completed or abandoned before does nothing.
    void tell(const dns_answer&);
    void succeed(addresses list) {
        if (waits())
            take().succeed(std::move(list));
    }
    /// Adds to the story where it happened and what was being done.
    void fail(failure why);
    void abandon() noexcept override { auto dies_here = take(); }

    waiting_list* list = nullptr; ///< none before it waits and after its end
    waiting_list::iterator place;

private:
    completion<addresses> take() noexcept { return std::move(done_); }

    const std::string name_; // as the caller wrote it
    completion<addresses> done_;
};

/// One name on its way, and all who wait for it.
class name_lookup {
public:
    name_lookup(const executor& loop, std::string which) : name(std::move(which)), timer(loop) {}

    const std::string name;
    loop_timer timer;
    deadline until;
    waiting_list waiters;
    std::optional<dns_walk> walk; ///< where the DNS is asked
    bool half = false;            ///< waits for the other family, with patience
    bool over = false;
};

} // namespace oneloop::detail
