#include "mysql/entrance.hpp"
#include "mysql/session.hpp"
#include <oneloop/mysql/connection.hpp>

#include <boost/asio/dispatch.hpp>

#include <utility>

namespace oneloop::mysql {

namespace asio = boost::asio;
using oneloop::detail::cancel_link;

/// A caller of connect(), until the session is open.
class connecting final : public oneloop::detail::pending {
public:
    connecting(const executor& loop, std::shared_ptr<session> s, detail::connection_handler handler)
        : pending(oneloop::detail::pending_registry::of(loop)),
          session_(std::move(s)),
          handler_(std::move(handler)) {}

    asio::cancellation_slot slot() const noexcept { return handler_.slot(); }

    void begin() {
        auto keep = std::static_pointer_cast<connecting>(shared_from_this());
        const auto opens = session_;
        if (opens)
            opens->open([keep](failure why) { keep->opened(std::move(why)); });
    }

    void cancel() {
        if (!handler_)
            return;
        const auto opens = std::move(session_);
        auto handler = std::move(handler_);
        failure why = opens->tell_opening(cancelled());
        opens->shut_down();
        handler.fail(std::move(why));
    }

    void abandon() noexcept override {
        auto dies_here = std::move(handler_);
        if (const auto opens = std::move(session_))
            opens->shut_down();
    }

private:
    void opened(failure why) {
        const auto opens = std::move(session_);
        auto handler = std::move(handler_);
        if (!why.code())
            return handler.succeed(connection(opens->loop(), opens));
        opens->shut_down();
        handler.fail(std::move(why));
    }

    std::shared_ptr<session> session_;
    detail::connection_handler handler_;
};

namespace detail {

namespace {

result<rows> whole(rows answer) {
    return answer;
}
result<void> nothing(rows) {
    return {};
}
failure lease_over() {
    return failure(errc::closed).in(phase::queue).because("the lease has ended");
}

// From whichever thread the operation was started to the session's loop; on it already, without a detour. A
// request to cancel takes the same way.
void enter(const std::shared_ptr<entrance>& way, std::shared_ptr<statement> what) {
    auto link = cancel_link::connect(what->whose()->slot(), way->to()->loop());
    oneloop::detail::run_on(
        way->to()->loop(),
        [way, what = std::move(what), link = std::move(link)]() mutable {
            if (way->over())
                what->fail(lease_over());
            else
                way->to()->enter(std::move(what), std::move(link));
        }
    );
}

} // namespace

std::shared_ptr<session> make_session(const executor& loop, options o) {
    return std::make_shared<session>(loop, std::move(o));
}

void start_connect(const std::shared_ptr<session>& s, connection_handler handler) {
    auto caller = std::make_shared<connecting>(s->loop(), s, std::move(handler));
    auto link = cancel_link::connect(caller->slot(), s->loop());
    asio::dispatch(s->loop(), [caller, link = std::move(link)] {
        if (link) {
            caller->listen_to(link);
            link->when_requested([weak = std::weak_ptr(caller)] {
                if (const auto alive = weak.lock())
                    alive->cancel();
            });
        }
        caller->begin();
    });
}

void start_query(
    const std::shared_ptr<entrance>& way, rows_handler handler, std::string sql, parameters given
) {
    using operation = oneloop::detail::operation_as<rows, rows, &whole>;
    auto caller = std::make_shared<operation>(way->to()->loop(), std::move(handler));
    enter(way, std::make_shared<statement>(std::move(caller), std::move(sql), std::move(given)));
}

void start_ping(const std::shared_ptr<entrance>& way, oneloop::detail::completion<> handler) {
    using operation = oneloop::detail::operation_as<rows, void, &nothing>;
    auto caller = std::make_shared<operation>(way->to()->loop(), std::move(handler));
    enter(way, std::make_shared<statement>(std::move(caller)));
}

void start_close(const std::shared_ptr<entrance>& way, oneloop::detail::completion<> handler) {
    auto link = cancel_link::connect(handler.slot(), way->to()->loop());
    asio::dispatch(way->to()->loop(), [way, link = std::move(link), handler = std::move(handler)]() mutable {
        if (way->over())
            handler.fail(lease_over().doing("close"));
        else
            way->to()->close_for(std::move(handler), std::move(link));
    });
}

void throw_empty() {
    throw error(
        failure(errc::invalid_argument).doing("mysql::connection").because("it is empty; connect() makes one")
    );
}

} // namespace detail

connection::connection(executor loop, std::shared_ptr<session> owned) noexcept
    : loop_(std::move(loop)), entrance_(std::make_shared<entrance>(std::move(owned))) {}

connection::connection(const oneloop::detail::lent_ptr& loan) : entrance_(std::make_shared<entrance>(loan)) {
    loop_ = entrance_->to()->loop();
}

connection::~connection() {
    end();
}

connection::connection(connection&&) noexcept = default;

connection& connection::operator=(connection&& other) noexcept {
    if (this != &other) {
        end();
        loop_ = other.loop_;
        entrance_ = std::move(other.entrance_);
    }
    return *this;
}

void connection::end() noexcept {
    if (entrance_)
        entrance_->end();
}

} // namespace oneloop::mysql
