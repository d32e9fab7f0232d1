#include "redis/link.hpp"
#include <oneloop/redis/pool.hpp>

#include <atomic>
#include <utility>

namespace oneloop::redis {

/// A link as its borrower sees it. What was deferred and is started after the end of the lease must not reach
/// the connection, which may be somebody else's by then.
class connection::borrowed final : public detail::target {
public:
    explicit borrowed(std::shared_ptr<link> l) : link_(std::move(l)) {}

    void submit(
        const std::shared_ptr<detail::value_operation>& who, request what,
        const std::shared_ptr<oneloop::detail::cancel_link>& cancel
    ) override {
        if (!over_)
            return link_->submit(who, std::move(what), cancel);
        who->fail(
            failure(oneloop::errc::closed).in(phase::queue).doing(shown(what)).because("the lease has ended")
        );
    }
    const executor& loop() const noexcept override { return link_->loop(); }
    void end() noexcept { over_ = true; }

private:
    std::shared_ptr<link> link_;
    std::atomic<bool> over_ = false; // a lease may end on any thread
};

connection::connection(const std::shared_ptr<oneloop::detail::pooled>& lent)
    : commands(std::make_shared<borrowed>(std::static_pointer_cast<link>(lent))) {}

connection::~connection() {
    if (target_)
        static_cast<borrowed&>(*target_).end();
}

connection& connection::operator=(connection&& other) noexcept {
    connection mine(std::move(other)); // and at its end what this was
    std::swap(target_, mine.target_);
    return *this;
}

/// Makes the connections of a pool.
class pool_maker {
public:
    pool_maker(executor loop, options o) : loop_(std::move(loop)) {
        o.check();
        names_ = o.resolver_ ? std::exchange(o.resolver_, nullptr) : std::make_shared<resolver>(loop_);
        options_ = std::make_shared<const options>(std::move(o));
    }

    std::shared_ptr<oneloop::detail::pooled> operator()() const {
        return std::make_shared<link>(loop_, options_, names_, usage::lent);
    }

private:
    executor loop_;
    std::shared_ptr<resolver> names_;
    std::shared_ptr<const options> options_;
};

pool::pool(executor loop, options o, pool_options sizes)
    : oneloop::pool<connection>(loop, std::move(sizes), pool_maker(loop, std::move(o))) {}

} // namespace oneloop::redis
