#pragma once

#include "core/dns_walk.hpp"
#include "core/dns_wire.hpp"
#include "core/name_cache.hpp"
#include "core/name_waiter.hpp"
#include "core/system_files.hpp"
#include "core/system_lookup.hpp"
#include <oneloop/resolver.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace oneloop::detail {

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

    // The way of one question (resolver_engine.cpp)
    void set_up();
    void release_held();
    void answer_or_ask(const std::shared_ptr<name_waiter>&);
    bool answer_at_once(name_waiter&, const std::string& name);
    void heed_conf();
    void look_up(std::string name, const std::shared_ptr<name_waiter>&);
    bool join(waiting_list&, const std::shared_ptr<name_waiter>&);
    void part(name_waiter&);

    // The life of a look-up (resolver_lookup.cpp)
    void begin(const lookup_ptr&);
    void advance(const lookup_ptr&);
    void start_timer(const lookup_ptr&, deadline);
    void time_is_up(const lookup_ptr&);
    void system_answered(const std::string& name, dns_answer);
    void end(const lookup_ptr&, dns_answer);
    waiting_list take_off(const lookup_ptr&);
    void remember(const std::string& name, const dns_answer&);
    void rest_if_idle();

    addresses ordered(addresses) const;
    std::chrono::milliseconds patience(std::size_t servers) const;

    executor loop_;
    resolver_options options_;
    std::shared_ptr<pending_registry> registry_;
    name_cache cache_;
    std::shared_ptr<system_files> files_; // this and the wire where the DNS is asked,
    std::shared_ptr<dns_wire> wire_;
    std::shared_ptr<system_lookup> system_; // or this one; from the first question on
    std::size_t conf_version_ = 0;
    std::unordered_map<std::string, lookup_ptr> lookups_;
    waiting_list held_; // until the files have been read
    std::size_t waiting_ = 0;
    resolver::statistics counts_; // those since the beginning
    bool closed_ = false;
};

} // namespace oneloop::detail
