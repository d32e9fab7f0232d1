#include "http_client/engine.hpp"
#include <oneloop/http/client.hpp>

#include <boost/asio/dispatch.hpp>

#include <utility>

namespace oneloop::http {

namespace asio = boost::asio;

namespace detail {

using oneloop::detail::cancel_link;

// From whichever thread the operation was started to the client's loop; on it already, without a detour. A
// request to cancel takes the same way.
static void start(
    const std::shared_ptr<engine>& e, response_handler handler, boxed_request what,
    std::optional<download_order> order
) {
    auto link = cancel_link::connect(handler.slot(), e->loop());
    // The analyzer loses sight of the box when it is moved into the lambda
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
    auto accept = [e, link = std::move(link), handler = std::move(handler), what = std::move(what),
                   order = std::move(order)]() mutable {
        e->accept(std::move(*what), std::move(order), std::move(handler), std::move(link));
    };
    oneloop::detail::run_on(e->loop(), std::move(accept));
}

void start_send(const std::shared_ptr<engine>& e, response_handler handler, boxed_request what) {
    start(e, std::move(handler), std::move(what), std::nullopt);
}

void start_stream(
    const std::shared_ptr<engine>& e, oneloop::detail::completion<body_reader> handler, boxed_request what
) {
    auto link = cancel_link::connect(handler.slot(), e->loop());
    auto accept = [e, link = std::move(link), handler = std::move(handler), what = std::move(what)](
                  ) mutable { e->accept(std::move(*what), std::move(handler), std::move(link)); };
    oneloop::detail::run_on(e->loop(), std::move(accept));
}

void start_download(
    const std::shared_ptr<engine>& e, response_handler handler, std::string url, std::string path, bool into,
    download_options options
) {
    request what(std::move(url));
    what.options(options.request()); // the order keeps what is no request's
    download_order order(std::move(path), into, std::move(options));
    boxed_request boxed(std::move(what));
    start(e, std::move(handler), std::move(boxed), std::move(order));
}

void start_close(const std::shared_ptr<engine>& e, oneloop::detail::completion<> handler) {
    auto link = cancel_link::connect(handler.slot(), e->loop());
    asio::dispatch(e->loop(), [e, link = std::move(link), handler = std::move(handler)]() mutable {
        e->close(std::move(handler), std::move(link));
    });
}

} // namespace detail

client::client(executor loop, client_options options)
    : loop_(loop), engine_(std::make_shared<engine>(std::move(loop), std::move(options))) {}

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
    }
    return *this;
}

std::vector<cookie> client::cookies() const {
    return engine_->cookies();
}
void client::clear_cookies() {
    engine_->clear_cookies();
}

std::vector<client::host_statistics> client::stats_by_host() const {
    return engine_->stats_by_host();
}

client::statistics client::stats() const {
    return engine_->stats();
}

} // namespace oneloop::http
