// In place of libcurl: a transport of the program's own answers.

#include "http_client/engine.hpp"
#include "http_client/failure_of.hpp"

#include <utility>

namespace oneloop::http {

namespace {

constexpr std::size_t piece_size = std::size_t{16} << 10;

awaitable<wire_request> on_the_wire(std::shared_ptr<transfer> t) {
    wire_request what = t->wire();
    if (t->feed) {
        const auto source = t->feed->take_source();
        while (auto piece = co_await source->next())
            what.body += *piece;
    }
    co_return what;
}

} // namespace

void engine::exchange(const transfer_ptr& t) {
    t->room = std::make_shared<oneloop::detail::wait_list>(loop_);
    t->begin_exchange();
    auto on_end = [weak = weak_from_this(), t, attempt = t->attempts](const std::exception_ptr& why) {
        const auto self = weak.lock();
        if (self && why && !t->finished && t->attempts == attempt)
            self->finish(t, failure_of(why));
    };
    t->exchange = exchanges_->start(
        play(weak_from_this(), exchanges_, t, options_.transport_), std::move(on_end),
        oneloop::detail::failing::stays_here
    );
}

// The nursery is kept by those who live in it.
awaitable<void> engine::play(
    std::weak_ptr<engine> weak, std::shared_ptr<oneloop::detail::nursery>, transfer_ptr t,
    std::shared_ptr<transport> wire
) {
    const std::size_t attempt = t->attempts;
    wire_request what = co_await on_the_wire(t);
    const wire_answer answer = co_await wire->exchange(std::move(what));
    // A transport may answer although it was cancelled, or in the very moment of it: then this answer is
    // nobody's, and would be taken for the next attempt's
    const auto given_up = [&weak, &t, attempt] {
        return weak.expired() || t->finished || t->attempts != attempt;
    };
    if (given_up())
        co_return;
    bool going = t->take_head(answer);
    std::string_view left = answer.body;
    while (going && !left.empty()) {
        const std::string_view piece = left.substr(0, piece_size);
        const auto taken = t->take_body(piece);
        if (!taken) {
            co_await t->room->wait();
            if (given_up())
                co_return;
        } else if (*taken) {
            left.remove_prefix(piece.size());
        } else {
            going = false;
        }
    }
    if (going && answer.cut)
        t->refuse(failure(error_code(CURLE_RECV_ERROR, curl_category())).because("the transport cut it off"));
    const auto self = weak.lock();
    if (self && !t->finished && t->attempts == attempt)
        self->judge(t, going ? CURLE_OK : CURLE_WRITE_ERROR);
}

} // namespace oneloop::http
