#include "core/resolver_engine.hpp"
#include <oneloop/resolver.hpp>

#include <boost/asio/dispatch.hpp>

namespace oneloop {
namespace detail {

void start_resolve(
    const std::shared_ptr<resolver_engine>& engine, completion<addresses> done, std::string name
) {
    auto w = std::make_shared<name_waiter>(engine->registry(), std::move(name), std::move(done));
    if (auto link = cancel_link::connect(w->slot(), engine->loop())) {
        w->listen_to(link);
        link->when_requested([weak_engine = std::weak_ptr(engine), weak_waiter = std::weak_ptr(w)] {
            const auto alive = weak_engine.lock();
            const auto leaves = weak_waiter.lock();
            if (alive && leaves)
                alive->leave(*leaves);
        });
    }
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
