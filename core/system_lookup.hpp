#pragma once

#include "core/dns_answer.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/blocking.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace oneloop {

/// getaddrinfo on threads, for one name never twice at once: a call that hangs goes on after everybody has
/// lost patience, and who asks next waits for it too.
class system_lookup : public std::enable_shared_from_this<system_lookup> {
public:
    /// Told on the loop, never inside of ask(); also of names for which nobody waits any more.
    using told = std::function<void(const std::string& name, dns_answer)>;

    /// `family` as of the hints of getaddrinfo; `pool` null for that of the process.
    system_lookup(executor loop, blocking_pool* pool, int family, told);

    void ask(const std::string& name);

    /// Nobody is told any more, and the loop is free to end.
    void stop();

    std::size_t calls() const noexcept { return calls_; }
    std::size_t running() const noexcept { return running_.size(); }

private:
    using signal = std::shared_ptr<boost::asio::cancellation_signal>;

    void ended(const std::string& name, const std::exception_ptr& why, dns_answer);

    executor loop_;
    blocking_pool& pool_;
    const int family_;
    told tell_;
    std::unordered_map<std::string, signal> running_;
    std::size_t calls_ = 0;
};

} // namespace oneloop
