#include "redis/client_engine.hpp"
#include <oneloop/redis/client.hpp>
#include <oneloop/redis/pool.hpp>

#include <boost/asio/dispatch.hpp>

#include <utility>

namespace oneloop::redis {

namespace asio = boost::asio;

namespace detail {

using oneloop::detail::cancel_link;

// From whichever thread the operation was started to the loop of the connection; on it already, without a
// detour. A request to cancel takes the same way.
void start_command(const std::shared_ptr<target>& to, std::shared_ptr<value_operation> who, request what) {
    auto link = cancel_link::connect(who->slot(), to->loop());
    asio::dispatch(
        to->loop(), [to, who = std::move(who), what = std::move(what),
                     link = std::move(link)]() mutable { to->submit(who, std::move(what), link); }
    );
}

void start_close(const std::shared_ptr<client_engine>& engine, oneloop::detail::completion<> done) {
    auto link = cancel_link::connect(done.slot(), engine->loop());
    asio::dispatch(engine->loop(), [engine, link = std::move(link), done = std::move(done)]() mutable {
        engine->close(std::move(done), std::move(link));
    });
}

} // namespace detail

client::client(executor loop, options o)
    : client(loop, (o.check(), std::make_shared<client_engine>(loop, std::move(o)))) {}

client::client(executor loop, std::shared_ptr<client_engine> engine)
    : commands(engine), loop_(std::move(loop)), engine_(std::move(engine)) {}

client::~client() {
    if (engine_)
        engine_->shut_down();
}

client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept {
    if (this != &other) {
        if (engine_)
            engine_->shut_down();
        commands::operator=(std::move(other));
        loop_ = other.loop_;
        engine_ = std::move(other.engine_);
    }
    return *this;
}

client::statistics client::stats() const {
    return engine_->stats();
}

connection::connection(const std::shared_ptr<oneloop::detail::pooled>& lent)
    : commands(std::static_pointer_cast<link>(lent)) {}

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
