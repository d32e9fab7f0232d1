#pragma once

#include "core/ares_channel.hpp"
#include "core/loop_timer.hpp"
#include "core/name_cache.hpp"
#include <oneloop/detail/pending.hpp>
#include <oneloop/resolver.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace oneloop::detail {

class name_lookup;

/// One who waits for a name.
class name_waiter final : public pending {
public:
    name_waiter(std::shared_ptr<pending_registry> registry, std::string name, completion<addresses> done)
        : pending(std::move(registry)), name_(std::move(name)), done_(std::move(done)) {}

    bool waits() const noexcept { return static_cast<bool>(done_); }
    const std::string& name() const noexcept { return name_; }
    boost::asio::cancellation_slot slot() const noexcept { return done_.slot(); }

    /// Completing one who was completed or abandoned before does nothing.
    void succeed(addresses list) {
        if (waits())
            take().succeed(std::move(list));
    }
    /// Adds to the story where it happened and what was being done.
    void fail(failure why);
    void abandon() noexcept override { auto dies_here = take(); }

    name_lookup* lookup = nullptr; ///< none before it has begun and after its end
    std::list<std::shared_ptr<name_waiter>>::iterator place;

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
    std::list<std::shared_ptr<name_waiter>> waiters;
    bool overdue = false; ///< its time is over and its waiters were told; c-ares has not let go of it yet
};

/// The inside of a resolver. All but the constructor is called on its executor.
class resolver_engine : public std::enable_shared_from_this<resolver_engine> {
public:
    resolver_engine(executor loop, resolver_options options);

    const executor& loop() const noexcept { return loop_; }
    const std::shared_ptr<pending_registry>& registry() const noexcept { return registry_; }

    void enter(const std::shared_ptr<name_waiter>&);
    void leave(name_waiter&);
    void close();
    resolver::statistics stats() const noexcept;

private:
    using lookup_ptr = std::shared_ptr<name_lookup>;

    void look_up(std::string name, const std::shared_ptr<name_waiter>&);
    void join(name_lookup&, const std::shared_ptr<name_waiter>&);
    void start_timer(const lookup_ptr&);
    void ask(name_lookup&);
    void expire(name_lookup&);
    void answered(const std::string& name, dns_answer);
    lookup_ptr take(const std::string& name);
    void rest_if_overdue();

    executor loop_;
    resolver_options options_;
    std::shared_ptr<pending_registry> registry_;
    name_cache cache_;
    std::unordered_map<std::string, lookup_ptr> lookups_;
    std::size_t overdue_ = 0;               // of the look-ups
    std::shared_ptr<ares_channel> channel_; // from the first question on
    std::size_t queries_ = 0, hits_ = 0;
    bool closed_ = false;
};

} // namespace oneloop::detail
