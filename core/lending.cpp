#include "core/pool_engine.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace oneloop::detail {

namespace asio = boost::asio;

lent::lent(
    std::weak_ptr<pool_engine> pool, executor loop, std::size_t place, std::shared_ptr<pooled> connection
)
    : pool_(std::move(pool)),
      loop_(std::move(loop)),
      registry_(pending_registry::of(loop_)),
      place_(place),
      connection_(std::move(connection)) {}

lent::~lent() {
    if (!registry_->alive())
        return; // the loop is being destroyed, and the pool's connections with it
    asio::dispatch(loop_, [pool = std::move(pool_), place = place_, wanted = wanted_] {
        if (const auto engine = pool.lock())
            engine->give_back(place, wanted);
    });
}

std::shared_ptr<pool_engine> make_pool_engine(
    executor loop, pool_options options, std::function<std::shared_ptr<pooled>()> make
) {
    auto engine = std::make_shared<pool_engine>(loop, std::move(options), std::move(make));
    asio::post(loop, [weak = std::weak_ptr(engine)] {
        if (const auto alive = weak.lock())
            alive->open_early();
    });
    return engine;
}

const executor& loop_of(const pool_engine& engine) noexcept {
    return engine.loop();
}

void start_acquire(
    const std::shared_ptr<pool_engine>& engine, std::shared_ptr<operation<lent_ptr>> who,
    std::source_location where
) {
    auto link = cancel_link::connect(who->slot(), engine->loop());
    asio::dispatch(engine->loop(), [engine, who = std::move(who), where, link = std::move(link)] {
        engine->accept(who, where, link);
    });
}

void start_close_pool(const std::shared_ptr<pool_engine>& engine, completion<> done) {
    auto link = cancel_link::connect(done.slot(), engine->loop());
    asio::dispatch(engine->loop(), [engine, done = std::move(done), link = std::move(link)]() mutable {
        engine->close(std::move(done), std::move(link));
    });
}

pool_statistics stats_of(const pool_engine& engine) noexcept {
    return engine.stats();
}

void shut_down(pool_engine& engine) noexcept {
    engine.shut_down();
}

} // namespace oneloop::detail
