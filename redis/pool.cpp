#include "redis/link.hpp"
#include <oneloop/redis/pool.hpp>

#include <utility>

namespace oneloop::redis {

/// A link as its borrower sees it. What was deferred and is started after the end of the lease must not reach
/// the connection, which may be somebody else's by then; nor may what was moved out of the lease.
class borrowed final : public detail::target {
public:
    explicit borrowed(const oneloop::detail::lent_ptr& loan)
        : loan_(loan), link_(std::static_pointer_cast<link>(loan->connection())) {}

    void submit(
        const std::shared_ptr<detail::value_operation>& who, request what,
        const std::shared_ptr<oneloop::detail::cancel_link>& cancel
    ) override {
        if (!loan_.expired())
            return link_->submit(who, std::move(what), cancel);
        who->fail(
            failure(oneloop::errc::closed).in(phase::queue).doing(shown(what)).because("the lease has ended")
        );
    }
    const executor& loop() const noexcept override { return link_->loop(); }

private:
    std::weak_ptr<oneloop::detail::lent> loan_;
    std::shared_ptr<link> link_;
};

connection::connection(const oneloop::detail::lent_ptr& loan) : commands(std::make_shared<borrowed>(loan)) {}

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
