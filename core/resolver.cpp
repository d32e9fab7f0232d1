#include "core/resolver_engine.hpp"
#include <oneloop/resolver.hpp>

#include <boost/asio/dispatch.hpp>

namespace oneloop {
namespace detail {

void start_resolve(
    const std::shared_ptr<resolver_engine>& engine, completion<addresses> done, std::string name
) {
    auto w = std::make_shared<name_waiter>(engine->registry(), std::move(name), std::move(done));
    if (auto slot = w->slot(); slot.is_connected())
        slot.assign([engine, w](boost::asio::cancellation_type) {
            // Completing clears the slot, and these with it
            const auto engine_lives = engine;
            const auto waiter_lives = w;
            engine_lives->leave(*waiter_lives);
        });
    boost::asio::dispatch(engine->loop(), [engine, w] { engine->enter(w); });
}

} // namespace detail

resolver::resolver(executor loop, resolver_options options)
    : loop_(loop), engine_(std::make_shared<detail::resolver_engine>(std::move(loop), std::move(options))) {}

resolver::~resolver() {
    boost::asio::dispatch(engine_->loop(), [engine = engine_] { engine->close(); });
}

resolver::statistics resolver::stats() const {
    return engine_->stats();
}

} // namespace oneloop
