// What the engine takes on: a request becomes a transfer, waits for its place, and begins.

#include "http_client/engine.hpp"
#include "http_client/request_check.hpp"

#include <utility>

namespace oneloop::http {

// Where it goes; or why it goes nowhere.
result<target> engine::target_of(const request& what) {
    if (failure bad = check_method(what.method_); bad.code())
        return bad.doing("http request");
    auto parsed = take_apart(what);
    if (!parsed)
        return parsed;
    const auto doing = [&what, &parsed] { return what.method_ + " " + parsed->shown(); };
    if (failure bad = check(what, parsed->shown().size()); bad.code())
        return bad.doing(doing());
    if (connection_.proxy && what.options_.headers_.contains("Proxy-Authorization"))
        return failure(errc::invalid_argument)
            .doing(doing())
            .because("a Proxy-Authorization field would go to the server; put it into the proxy's URL");
    if (const auto& o = what.options_; !o.user_.empty() || !o.password_.empty())
        if (failure bad = parsed->set_user({o.user_, o.password_}, !o.digest_); bad.code())
            return bad.doing(doing());
    if (closing_)
        return failure(errc::closed).in(phase::queue).doing(doing());
    return parsed;
}

std::shared_ptr<transfer> engine::accept(
    request&& what, std::optional<download_order> order, response_handler handler,
    std::shared_ptr<oneloop::detail::cancel_link> link
) {
    auto where = target_of(what);
    if (!where)
        return handler.fail(where.error()), nullptr;
    if (order)
        if (failure bad =
                download_job::check(*order, what.options_.headers_, what.options_.compressed_ == true);
            bad.code())
            return handler.fail(bad.doing(what.method_ + " " + where->shown())), nullptr;
    auto t = std::make_shared<transfer>(
        loop_, registry_, std::move(*where), std::move(what), options_, connection_, std::move(handler)
    );
    if (order)
        t->file = std::make_unique<download_job>(
            loop_, t->url, std::move(*order), t->options.headers_.contains("Range")
        );
    admit(t, std::move(link));
    return t;
}

void engine::accept(
    request&& what, body_pipe::head_handler handler, std::shared_ptr<oneloop::detail::cancel_link> link
) {
    auto where = target_of(what);
    if (!where)
        return handler.fail(where.error());
    const std::size_t most = what.options_.read_ahead_;
    auto t = std::make_shared<transfer>(
        loop_, registry_, std::move(*where), std::move(what), options_, connection_, response_handler()
    );
    t->pipe = std::make_shared<body_pipe>(loop_, most, std::move(handler));
    admit(t, std::move(link));
}

// Whoever takes the body, and whoever makes it, lets the transfer go on.
void engine::connect(const transfer_ptr& t) {
    const auto with = [this, &t](auto act) {
        return [weak = weak_from_this(), weak_transfer = std::weak_ptr(t), act] {
            const auto self = weak.lock();
            if (const auto t = weak_transfer.lock(); self && t)
                act(*self, t);
        };
    };
    const auto resume = with([](engine& e, const transfer_ptr& t) { e.resume(*t); });
    if (t->feed)
        t->feed->when_more(resume);
    if (!t->pipe)
        return;
    t->pipe->when_room(resume);
    t->pipe->when_dropped(with([](engine& e, const transfer_ptr& t) { e.finish(t, cancelled()); }));
}

void engine::admit(const transfer_ptr& t, std::shared_ptr<oneloop::detail::cancel_link> link) {
    if (!admission_.enter(*t, t->url.origin())) {
        deliver(
            *t,
            t->tell(failure(errc::queue_full).limit("max_queued " + std::to_string(options_.max_queued_))), {}
        );
        return;
    }
    connect(t);
    t->number = ++accepted_;
    t->phase_begun = [this, t = t.get()] {
        deadlines_->watch(*t, t->limits.next().at);
        note_phase(*t);
    };
    t->use(bodies_);
    if (transfers_.empty())
        bodies_->open();
    t->place = transfers_.size();
    transfers_.push_back(t);
    note(*t, trace_event::step::queued);
    deadlines_->watch(*t, t->limits.next().at);
    if (link) {
        t->listen_to(link);
        link->when_requested([weak = weak_from_this(), weak_transfer = std::weak_ptr(t)] {
            const auto self = weak.lock();
            const auto t = weak_transfer.lock();
            const bool over = t && t->pipe && t->pipe->begun(); // for who asked
            if (self && t && !over)
                self->finish(t, cancelled());
        });
    }
    pump();
}

result<target> engine::take_apart(const request& what) {
    if (const target* known = kept_targets_.find(what.url_); known && what.options_.query_.empty())
        return *known;
    auto parsed = target::parse(what.url_, what.method_, base_ ? &*base_ : nullptr);
    if (parsed) {
        kept_targets_.keep(what.url_, *parsed);
        if (failure bad = parsed->append_query(what.options_.query_); bad.code())
            return bad.doing(what.method_ + " " + parsed->shown());
    }
    return parsed;
}

void engine::pump() {
    // A request that fails in begin() comes back here by way of finish(): a loop, not as deep a recursion as
    // the queue
    if (std::exchange(pumping_, true))
        return;
    while (admission::ticket* next = gone_ ? nullptr : admission_.next(transfer::clock::now())) {
        const transfer_ptr t = transfers_.at(static_cast<transfer*>(next)->place); // which may end in begin()
        begin(t);
    }
    if (!gone_ && admission_.paces() && admission_.queued() > 0)
        deadlines_->watch(next_turn_, admission_.next_turn());
    pumping_ = false;
}

void engine::begin(const transfer_ptr& t) {
    if (t->file && !std::exchange(t->file_is_open, true))
        open_file(t);
    else
        look_up(t);
}

} // namespace oneloop::http
