#pragma once

#include "core/deadline_timer.hpp"
#include "core/pool_policy.hpp"
#include <oneloop/detail/lending.hpp>
#include <oneloop/detail/wait_list.hpp>

#include <optional>
#include <unordered_map>
#include <vector>

namespace oneloop::detail {

/// The inside of a pool: does what the policy decides, and tells it what came of it. Everything but the
/// constructor runs on the loop.
class pool_engine : public std::enable_shared_from_this<pool_engine> {
public:
    using factory = std::function<std::shared_ptr<pooled>()>;
    using request = std::shared_ptr<operation<lent_ptr>>;

    pool_engine(executor loop, pool_options options, factory make);

    const executor& loop() const noexcept { return loop_; }

    /// For a pool with a smallest size.
    void open_early();
    void accept(const request&, std::source_location where, const std::shared_ptr<cancel_link>&);
    void give_back(std::size_t place, bool wanted);
    void close(completion<>, std::shared_ptr<cancel_link>);
    void shut_down() noexcept;
    pool_statistics stats() const noexcept;

private:
    using place = pool_policy::place;

    class waiter : public pool_policy::ticket {
    public:
        waiter(request r, std::source_location w) : who(std::move(r)), where(w) {}
        request who;
        std::source_location where;
    };
    struct loan {
        deadline::clock::time_point since;
        std::source_location where;
        bool reported = false;
    };
    struct slot {
        std::shared_ptr<pooled> connection;
        std::optional<loan> out;
        deadline::clock::time_point opened_at{};
        bool lent_before = false;
    };

    void pump();
    void open();
    void lend(place);
    void close(place);
    void let_go(place);
    void discard(place);
    void hung_up(place);
    void refuse(pool_policy::ticket&, failure);
    failure exhausted() const;
    void watch();
    deadline report_long_leases();
    void told_if_empty();

    executor loop_;
    pool_options options_;
    factory make_;
    pool_policy policy_;
    std::optional<deadline_timer> timer_;
    deadline_timer::entry next_event_;
    std::vector<slot> slots_; // by the policy's places
    std::unordered_map<pool_policy::ticket*, std::shared_ptr<waiter>> waiting_;
    std::shared_ptr<wait_list> closers_;
    failure last_error_; // of connecting
    std::uint64_t opened_ = 0, failed_ = 0, discarded_ = 0, leases_ = 0;
    bool closing_ = false, gone_ = false, pumping_ = false;
};

} // namespace oneloop::detail
