#include <oneloop/detail/pending.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

namespace oneloop::detail {

namespace {

class pending_service final : public boost::asio::execution_context::service {
public:
    using key_type = pending_service;
    static boost::asio::execution_context::id id;

    explicit pending_service(boost::asio::execution_context& context) : service(context) {}
    const std::shared_ptr<pending_registry>& registry() const noexcept { return registry_; }

private:
    void shutdown() noexcept override {
        for (;;) {
            std::shared_ptr<pending> operation;
            {
                std::lock_guard lock(registry_->mutex);
                registry_->dead = true;
                if (registry_->all.empty())
                    return;
                // Empty when another thread is destroying it this moment
                operation = registry_->all.front().weak_from_this().lock();
                registry_->all.pop_front();
            }
            if (!operation)
                continue;
            operation->stop_listening(); // a request that comes later must not look for the loop
            operation->abandon();
        }
    }

    std::shared_ptr<pending_registry> registry_ = std::make_shared<pending_registry>();
};

boost::asio::execution_context::id pending_service::id;

} // namespace

std::shared_ptr<pending_registry> pending_registry::of(const executor& loop) {
    auto& context = boost::asio::query(loop, boost::asio::execution::context);
    return boost::asio::use_service<pending_service>(context).registry();
}

pending::pending(std::shared_ptr<pending_registry> registry) : registry_(std::move(registry)) {
    std::lock_guard lock(registry_->mutex);
    registry_->all.push_back(*this);
}

pending::~pending() {
    std::lock_guard lock(registry_->mutex);
    if (is_linked())
        registry_->all.erase(registry_->all.iterator_to(*this));
}

bool runs_here(const executor& loop) noexcept {
    using plain = boost::asio::io_context::executor_type;
    using working =
        decltype(boost::asio::require(std::declval<plain>(), boost::asio::execution::outstanding_work.tracked)
        ); // as a handler's is, until it is called
    if (const auto* known = loop.target<plain>())
        return known->running_in_this_thread();
    const auto* known = loop.target<working>();
    return known && known->running_in_this_thread();
}

} // namespace oneloop::detail
