// From a place among those in flight to what came of an attempt: file, look-up, connection, verdict, and then
// the end or another attempt.

#include "http_client/engine.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <new>
#include <utility>

namespace oneloop::http {

namespace asio = boost::asio;

// A path that cannot be written fails the request before anything of it is sent.
void engine::open_file(const transfer_ptr& t) {
    enter(*t, phase::file);
    file_sink& sink = t->file->sink();
    sink.when_room([weak = weak_from_this(), t] {
        auto self = weak.lock();
        if (self)
            self->resume(*t);
    });
    ++files_at_work_;
    sink.when_gone([weak = weak_from_this()] {
        if (auto self = weak.lock()) {
            --self->files_at_work_;
            self->told_if_drained();
        }
    });
    auto failed = [weak = weak_from_this(), t](failure why) {
        if (auto self = weak.lock())
            self->finish(t, std::move(why));
    };
    t->file->when_failed(failed);
    sink.open([weak = weak_from_this(), t, failed](failure why) {
        if (why.code())
            return failed(std::move(why));
        t->file->opened();
        if (auto self = weak.lock())
            self->look_up(t);
    });
}

// Whoever takes the body has room again.
void engine::resume(transfer& t) {
    if (!t.handle_in_use() && !t.exchange)
        return;
    t.limits.hold(false, transfer::clock::now());
    deadlines_->watch(t, t.limits.next().at);
    if (t.exchange)
        t.room->notify_all();
    else
        multi_->resume(*t.handle_in_use());
}

void engine::look_up(const transfer_ptr& t) {
    if (options_.transport_)
        return exchange(t);
    enter(*t, phase::resolve);
    note(*t, trace_event::step::resolving);
    if (failure no = t->refuse_unseen(); no.code())
        return finish(t, std::move(no));
    if (const auto literal = t->dialled_literal()) {
        t->addresses = {*literal};
        return attempt(t);
    }
    resolver_->resolve(
        t->dialled_host(),
        with_failure(
            t->look_up_story,
            asio::bind_cancellation_slot(
                t->look_up.slot(),
                [weak = weak_from_this(), t,
                 attempt = t->attempts](error_code code, std::vector<asio::ip::address> addresses) {
                    auto self = weak.lock();
                    if (!self || t->finished || t->attempts != attempt)
                        return;
                    if (code)
                        return self->finish(t, std::move(t->look_up_story));
                    t->addresses = std::move(addresses);
                    self->attempt(t);
                }
            )
        )
    );
}

void engine::attempt(const transfer_ptr& t) {
    if (failure none = t->keep_allowed_addresses(); none.code())
        return finish(t, std::move(none));
    const auto& address = t->addresses[t->next_address++];
    failure refused;
    try {
        t->limits.try_address(t->addresses.size() - t->next_address, transfer::clock::now());
        note(*t, trace_event::step::connecting, [&](trace_event& e) { e.address = address.to_string(); });
        t->prepare(take_handle(), *multi_, address);
        deadlines_->watch(*t, t->limits.next().at);
        if (multi_->add(*t->handle_in_use(), t->lane()))
            return;
        refused = failure(error_code(CURLE_FAILED_INIT, curl_category()));
    } catch (const error& e) {
        refused = e.failure();
    } catch (const std::bad_alloc&) {
        refused = failure(make_error_code(boost::system::errc::not_enough_memory));
    }
    finish(t, std::move(refused));
}

// libcurl is through with a handle. Called outside of its callbacks.
void engine::ended(easy& used, CURLcode code) {
    if (!used.serves)
        return;
    const auto alive = shared_from_this(); // whoever is told may destroy the client
    const transfer_ptr t = transfers_.at(used.serves->place);
    if (t->may_try_next_address(code)) {
        end_attempt(*t);
        return attempt(t);
    }
    tells_here_ = true;
    judge(t, code);
    tells_here_ = false;
}

// An attempt has ended, and what came of it is here.
void engine::judge(const transfer_ptr& t, CURLcode code) {
    if (failure why = t->verdict(code); why.code())
        return finish(t, std::move(why));
    if (t->is_redirected())
        return go_on(t);
    if (const auto bad = t->bad_status(); bad && try_again(t, *bad))
        return;
    if (t->file)
        return store(t);
    finish(t, {});
}

// After a pause, in which it has no place among those in flight. False if that is not to be, and its end is
// still to come.
bool engine::try_again(const transfer_ptr& t, const failure& why) {
    if (gone_ || why == condition::cancelled || why == condition::closed)
        return false;
    const bool asked_before = std::exchange(asks_policy_, true);
    const auto pause = t->pause_after(why);
    asks_policy_ = asked_before;
    if (t->finished)
        return true; // the policy's rule has cancelled it, or destroyed the client
    if (!pause || !budget_.spend())
        return false;
    ++retried_;
    note(*t, trace_event::step::repeated, [&](trace_event& e) { e.why = why; });
    ++hosts_.of(t->url.origin()).retried;
    end_attempt(*t);
    admission_.leave(*t);
    t->begin_again();
    t->limits.pause(*pause, transfer::clock::now());
    deadlines_->watch(*t, t->limits.next().at);
    pump();
    return true;
}

// To where the answer says.
void engine::go_on(const transfer_ptr& t) {
    const std::string before = t->url.origin();
    note(*t, trace_event::step::redirected, [&](trace_event& e) { e.status = t->status(); });
    if (failure why = t->go_on(); why.code())
        return finish(t, why.ended(outcome::answered));
    end_attempt(*t);
    go_out(t, before);
}

// Once more, from a place that it has. At another host, or where each request has its turn, it waits again.
void engine::go_out(const transfer_ptr& t, const std::string& before) {
    if (t->url.origin() == before && !admission_.paces())
        return look_up(t);
    enter(*t, phase::queue);
    admission_.move(*t, t->url.origin());
    pump();
}

// What carried an attempt is free for the next.
void engine::end_attempt(transfer& t) {
    t.look_up.emit(asio::cancellation_type::all);
    if (const auto exchange = std::exchange(t.exchange, nullptr))
        exchange->cancel();
    if (easy* handle = t.handle_in_use()) {
        multi_->remove(*handle);
        auto free = t.release_handle();
        // It remembers realm and nonce of the server, and would show them to the next, whoever that is
        if (!free->digest)
            idle_handles_.push_back(std::move(free));
    }
}

} // namespace oneloop::http
