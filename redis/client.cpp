#include "redis/client_engine.hpp"
#include <oneloop/redis/client.hpp>

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
    oneloop::detail::run_on(
        to->loop(), [to, who = std::move(who), what = std::move(what),
                     link = std::move(link)]() mutable { to->submit(who, std::move(what), link); }
    );
}

void throw_empty() {
    throw error(failure(oneloop::errc::invalid_argument)
                    .doing("a Redis command")
                    .because("there is no connection; acquire() lends one"));
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
        loop_ = other.loop_;
        engine_ = std::move(other.engine_);
        commands::operator=(std::move(other)); // the rest of it
    }
    return *this;
}

client::statistics client::stats() const {
    return engine_->stats();
}

} // namespace oneloop::redis
