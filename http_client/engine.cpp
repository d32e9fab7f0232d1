#include "http_client/engine.hpp"

#include "core/words.hpp"
#include "http_client/request_check.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>

#include <new>
#include <utility>

namespace oneloop::http {

namespace asio = boost::asio;

namespace {

// Hosts do not spread evenly over the lanes.
std::size_t kept_in_each(std::size_t lanes, std::size_t connections) {
    return lanes == 1 ? connections : 2 * connections / lanes;
}

} // namespace

engine::engine(executor loop, client_options options)
    : loop_(std::move(loop)),
      resolver_(std::exchange(options.resolver_, nullptr)),
      options_(std::move(options)),
      connection_(options_),
      registry_(oneloop::detail::pending_registry::of(loop_)),
      admission_(
          options_.max_in_flight_, options_.max_in_flight_per_host_, options_.max_queued_,
          options_.host_pause_
      ),
      multi_(std::make_shared<multi>(
          loop_, admission_.lanes(), kept_in_each(admission_.lanes(), options_.max_in_flight_),
          [this](CURL* handle, CURLcode code) { ended(handle, code); }
      )),
      deadlines_(std::in_place, loop_, [this](void* key) { return check_limits(key); }),
      budget_(options_.max_retries_saved_),
      closers_(std::make_shared<oneloop::detail::wait_list>(loop_)) {
    if (options_.trace_ || options_.log_)
        tracer_ = std::make_shared<tracer>(loop_, options_.trace_, options_.log_);
    if (options_.transport_)
        exchanges_ = std::make_shared<oneloop::detail::nursery>(loop_, oneloop::detail::nursery::unbounded);
    if (!resolver_)
        resolver_ = std::make_shared<resolver>(loop_, resolver_options().timeout(options_.times_.connect));
    headers of_all = options_.headers_;
    of_all.add("User-Agent", options_.user_agent_);
    if (failure bad = check(of_all); bad.code())
        throw error(bad.doing("http::client"));
    if (!options_.base_url_.empty())
        base_.emplace(target::parse(options_.base_url_, "http::client, base_url").value());
}

// Where it goes; or why it goes nowhere.
result<target> engine::target_of(const request& what) {
    if (failure bad = check_method(what.method_); bad.code())
        return bad.doing("http request");
    auto parsed = take_apart(what);
    if (!parsed)
        return parsed;
    const auto doing = [&what, &parsed] { return what.method_ + " " + parsed->shown(); };
    if (failure bad = check(what); bad.code())
        return bad.doing(doing());
    if (connection_.proxy && what.options_.headers_.contains("Proxy-Authorization"))
        return failure(errc::invalid_argument)
            .doing(doing())
            .because("a Proxy-Authorization field would go to the server; put it into the proxy's URL");
    if (!what.options_.user_.empty() && !parsed->set_user(what.options_.user_, what.options_.password_))
        return failure(errc::invalid_argument).doing(doing()).because("a NUL in the user name or password");
    if (closing_)
        return failure(errc::closed).in(phase::queue).doing(doing());
    return parsed;
}

std::shared_ptr<transfer> engine::accept(
    request what, std::optional<download_order> order, response_handler handler,
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
    request what, body_pipe::head_handler handler, std::shared_ptr<oneloop::detail::cancel_link> link
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
        deadlines_->watch(t, t->limits.next().at);
        note_phase(*t);
    };
    transfers_.emplace(t.get(), t);
    note(*t, trace_event::step::queued);
    deadlines_->watch(t.get(), t->limits.next().at);
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
        parsed->append_query(what.options_.query_);
    }
    return parsed;
}

void engine::pump() {
    // A request that fails in begin() comes back here by way of finish(): a loop, not as deep a recursion as
    // the queue
    if (std::exchange(pumping_, true))
        return;
    while (admission::ticket* next = gone_ ? nullptr : admission_.next(transfer::clock::now())) {
        const transfer_ptr t = transfers_.at(static_cast<transfer*>(next)); // which may end in begin()
        begin(t);
    }
    if (!gone_ && admission_.paces() && admission_.queued() > 0)
        deadlines_->watch(&admission_, admission_.next_turn());
    pumping_ = false;
}

void engine::begin(const transfer_ptr& t) {
    if (t->file && !std::exchange(t->file_is_open, true))
        open_file(t);
    else
        look_up(t);
}

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
    deadlines_->watch(&t, t.limits.next().at);
    if (t.exchange)
        t.room->notify_all();
    else
        multi_->resume(t.handle_in_use());
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
        deadlines_->watch(t.get(), t->limits.next().at);
        if (multi_->add(t->handle_in_use(), t->lane()))
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
void engine::ended(CURL* handle, CURLcode code) {
    transfer* which = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &which);
    const auto found = transfers_.find(which);
    if (found == transfers_.end())
        return;
    const transfer_ptr t = found->second;
    if (t->may_try_next_address(code)) {
        end_attempt(*t);
        return attempt(t);
    }
    judge(t, code);
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

// After a pause, in which it has no place among those in flight. False if that is not to be.
bool engine::try_again(const transfer_ptr& t, const failure& why) {
    if (gone_ || why == condition::cancelled || why == condition::closed)
        return false;
    const auto pause = t->pause_after(why);
    if (!pause || !budget_.spend())
        return false;
    ++retried_;
    note(*t, trace_event::step::repeated, [&](trace_event& e) { e.why = why; });
    ++hosts_.of(t->url.origin()).retried;
    end_attempt(*t);
    admission_.leave(*t);
    t->begin_again();
    t->limits.pause(*pause, transfer::clock::now());
    deadlines_->watch(t.get(), t->limits.next().at);
    pump();
    return true;
}

// To where the answer says. At another host it waits for a place again.
void engine::go_on(const transfer_ptr& t) {
    const std::string before = t->url.origin();
    note(*t, trace_event::step::redirected, [&](trace_event& e) { e.status = t->status(); });
    if (failure why = t->go_on(); why.code())
        return finish(t, why.ended(outcome::answered));
    end_attempt(*t);
    if (t->url.origin() == before && !admission_.paces())
        return look_up(t);
    enter(*t, phase::queue);
    admission_.move(*t, t->url.origin());
    pump();
}

// All of the file is here; or what came is no part of it, and all of it is asked for.
void engine::store(const transfer_ptr& t) {
    if (failure why = t->file_verdict(); why.code())
        return finish(t, std::move(why));
    if (t->file->begins_anew())
        return send_anew(t);
    enter(*t, phase::file);
    const bool wanted = t->answer_is_wanted();
    t->file->store(
        t->fields_of_answer(), wanted,
        [weak = weak_from_this(), t, wanted](failure why, std::string path) {
            if (wanted)
                t->stored_at(std::move(path));
            if (auto self = weak.lock())
                self->finish(t, std::move(why));
        }
    );
}

void engine::send_anew(const transfer_ptr& t) {
    t->begin_again();
    end_attempt(*t);
    look_up(t);
}

void engine::cancel(const transfer_ptr& t) {
    if (t)
        finish(t, cancelled());
}

// The one way out, whatever has happened: everything the request held is given back, then its caller is told.
void engine::finish(const transfer_ptr& t, failure why) {
    if (t->finished)
        return;
    failure told = why.code() ? t->tell(std::move(why)) : failure();
    if (told.code() && try_again(t, told))
        return;
    t->finished = true;
    if (told.code())
        told = t->last_word(std::move(told));
    else
        budget_.earn();
    response whole = told.code() ? response() : t->take_answer();
    count(*t, told, whole);
    stop(*t);
    deadlines_->forget(t.get());
    admission_.leave(*t);
    transfers_.erase(t.get());
    deliver(*t, std::move(told), std::move(whole));
    pump();
    told_if_drained();
}

void engine::deliver(transfer& t, failure why, response whole) {
    if (t.pipe)
        return t.pipe->end(std::move(why), std::move(whole));
    auto handler = std::move(t.handler);
    if (why.code())
        handler.fail(std::move(why));
    else
        handler.succeed(std::move(whole));
}

void engine::told_if_drained() {
    if (gone_ || !transfers_.empty())
        return;
    rest_soon();
    if (closing_ && files_at_work_ == 0) {
        multi_->close_connections();
        closers_->notify_all();
    }
}

// What carried an attempt is free for the next.
void engine::end_attempt(transfer& t) {
    t.look_up.emit(asio::cancellation_type::all);
    if (const auto exchange = std::exchange(t.exchange, nullptr))
        exchange->cancel();
    if (CURL* handle = t.handle_in_use()) {
        multi_->remove(handle);
        idle_handles_.push_back(t.release_handle());
    }
}

void engine::stop(transfer& t) {
    if (t.file)
        t.file->abandon();
    if (t.feed)
        t.feed->stop();
    end_attempt(t);
}

void engine::enter(transfer& t, phase p) {
    t.limits.enter(p, transfer::clock::now());
    deadlines_->watch(&t, t.limits.next().at);
}

deadline engine::check_limits(void* key) {
    if (key == &admission_) {
        pump(); // which watches it again
        return deadline::never();
    }
    const transfer_ptr t = transfers_.at(static_cast<transfer*>(key));
    const auto met = t->limits.next();
    if (!met.at.passed(transfer::clock::now()))
        return met.at; // it has moved on since
    if (met.resume) {
        enter(*t, phase::queue);
        admission_.move(*t, t->url.origin());
        pump();
        return deadline::never(); // enter() watches it again
    }
    if (met.next_address) {
        end_attempt(*t);
        attempt(t);
        return deadline::never(); // attempt() watches it again
    }
    finish(t, failure(errc::timed_out).limit(std::string(met.name) + " " + in_words(met.value)));
    return deadline::never();
}

// One more turn, because whoever was just told may start the next request.
void engine::rest_soon() {
    if (std::exchange(rest_pending_, true))
        return;
    asio::post(loop_, [weak = weak_from_this()] {
        auto self = weak.lock();
        if (!self)
            return;
        self->rest_pending_ = false;
        if (!self->gone_ && self->transfers_.empty()) {
            self->multi_->rest_if_idle();
            self->deadlines_->rest();
        }
    });
}

std::unique_ptr<easy> engine::take_handle() {
    if (idle_handles_.empty()) {
        auto fresh = std::make_unique<easy>();
        transfer::set_up(*fresh, options_, connection_);
        multi_->adopt(*fresh);
        return fresh;
    }
    auto used = std::move(idle_handles_.back());
    idle_handles_.pop_back();
    return used;
}

void engine::close(
    oneloop::detail::completion<> handler, std::shared_ptr<oneloop::detail::cancel_link> link
) {
    if (gone_)
        return handler.succeed();
    closing_ = true;
    oneloop::detail::wait_list::enter(closers_, std::move(handler), std::move(link));
    told_if_drained();
}

// An operation that was never started may keep the engine for longer than the loop lives: nothing that
// belongs to the loop may be left in it.
void engine::shut_down() {
    closing_ = gone_ = true;
    while (!transfers_.empty()) {
        const transfer_ptr t = transfers_.begin()->second;
        finish(t, failure(errc::closed));
    }
    closers_->notify_all();
    multi_->shut_down();
    multi_.reset();
    deadlines_.reset();
    idle_handles_.clear();
    resolver_.reset();
}

std::vector<cookie> engine::cookies() const {
    return connection_.cookies ? connection_.cookies->list() : std::vector<cookie>();
}

void engine::clear_cookies() {
    if (connection_.cookies)
        connection_.cookies->clear();
}

// The request is over, and its handle still knows how it was.
void engine::count(transfer& t, const failure& why, const response& whole) {
    auto& host = hosts_.of(t.url.origin());
    ++(why.code() ? failed_ : completed_);
    ++(why.code() ? host.failed : host.completed);
    host.bytes += t.bytes_of_body();
    if (t.handle_in_use() && t.has_connected())
        ++(t.reused_connection() ? host.reused : host.connected);
    note(t, trace_event::step::done, [&](trace_event& e) {
        e.why = why;
        e.status = t.status();
        e.bytes = t.bytes_of_body();
        e.times = why.code() ? t.times() : whole.times();
        e.address = t.peer_address();
    });
}

void engine::note(const transfer& t, trace_event::step what, const std::function<void(trace_event&)>& more) {
    if (!tracer_)
        return;
    trace_event e;
    e.request = t.number;
    e.attempt = t.attempts + 1;
    e.what = what;
    e.at = transfer::clock::now();
    e.method = t.method();
    e.url = t.url.shown();
    if (more)
        more(e);
    tracer_->note(std::move(e));
}

// From inside of libcurl: the phases that it moves on to by itself.
void engine::note_phase(const transfer& t) {
    if (!tracer_)
        return;
    const auto connected = [&t](trace_event& e) {
        e.reused = t.reused_connection();
        e.times = t.times();
        e.address = t.peer_address();
    };
    if (t.limits.where() == phase::receive)
        note(t, trace_event::step::answering);
    else if (t.goes_out())
        note(t, trace_event::step::sent, connected);
}

std::vector<client::host_statistics> engine::stats_by_host() const {
    auto all = hosts_.all();
    for (auto& host : all) {
        host.queued = admission_.queued(host.origin);
        host.in_flight = admission_.under_way(host.origin);
    }
    return all;
}

client::statistics engine::stats() const noexcept {
    client::statistics s;
    s.queued = admission_.queued();
    s.in_flight = admission_.under_way();
    s.completed = completed_;
    s.failed = failed_;
    s.retried = retried_;
    return s;
}

} // namespace oneloop::http
