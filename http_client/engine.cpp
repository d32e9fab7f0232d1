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

// The file functions of the system would take the name to end there.
bool has_nul(const std::string& path) {
    return path.find('\0') != std::string::npos;
}

// Hosts do not spread evenly over the lanes.
std::size_t kept_in_each(std::size_t lanes, std::size_t connections) {
    return lanes == 1 ? connections : 2 * connections / lanes;
}

} // namespace

engine::engine(executor loop, client_options options)
    : loop_(std::move(loop)),
      resolver_(std::exchange(options.resolver_, nullptr)),
      options_(std::move(options)),
      registry_(oneloop::detail::pending_registry::of(loop_)),
      admission_(options_.max_in_flight_, options_.max_in_flight_per_host_, options_.max_queued_),
      multi_(std::make_shared<multi>(
          loop_, admission_.lanes(), kept_in_each(admission_.lanes(), options_.max_in_flight_),
          [this](CURL* handle, CURLcode code) { ended(handle, code); }
      )),
      deadlines_(std::in_place, loop_, [this](void* key) { return check_limits(key); }),
      budget_(options_.max_retries_saved_),
      closers_(std::make_shared<oneloop::detail::wait_list>(loop_)) {
    if (!resolver_)
        resolver_ = std::make_shared<resolver>(loop_, resolver_options().timeout(options_.times_.connect));
    headers of_all = options_.headers_;
    of_all.add("User-Agent", options_.user_agent_);
    if (failure bad = check(of_all); bad.code())
        throw error(bad.doing("http::client"));
    if (!options_.base_url_.empty())
        base_.emplace(target::parse(options_.base_url_, "http::client, base_url").value());
    if (has_nul(options_.trust_file_))
        throw error(failure(errc::invalid_argument)
                        .doing("http::client")
                        .because("a NUL in the path of the trust file"));
}

void engine::accept(
    request what, std::optional<std::string> path, response_handler handler,
    std::shared_ptr<oneloop::detail::cancel_link> link
) {
    if (failure bad = check_method(what.method_); bad.code())
        return handler.fail(bad.doing("http request"));
    auto parsed = take_apart(what);
    if (!parsed)
        return handler.fail(parsed.error());
    const auto doing = [&what, &parsed] { return what.method_ + " " + parsed->shown(); };
    if (failure bad = check(what); bad.code())
        return handler.fail(bad.doing(doing()));
    if (path && (path->empty() || has_nul(*path)))
        return handler.fail(failure(errc::invalid_argument)
                                .doing(doing())
                                .because("the path of the file is empty, or has a NUL in it"));
    if (!what.options_.user_.empty() && !parsed->set_user(what.options_.user_, what.options_.password_))
        return handler.fail(
            failure(errc::invalid_argument).doing(doing()).because("a NUL in the user name or password")
        );
    if (closing_)
        return handler.fail(failure(errc::closed).in(phase::queue).doing(doing()));

    auto t = std::make_shared<transfer>(
        registry_, std::move(*parsed), std::move(what), options_, std::move(handler)
    );
    if (path)
        t->file = std::make_shared<file_sink>(loop_, std::move(*path));
    if (!admission_.enter(*t, t->url.origin())) {
        t->handler.fail(
            t->tell(failure(errc::queue_full).limit("max_queued " + std::to_string(options_.max_queued_)))
        );
        return;
    }
    t->phase_begun = [this, t = t.get()] { deadlines_->watch(t, t->limits.next().at); };
    transfers_.emplace(t.get(), t);
    deadlines_->watch(t.get(), t->limits.next().at);
    if (link) {
        t->listen_to(link);
        link->when_requested([weak = weak_from_this(), weak_transfer = std::weak_ptr(t)] {
            const auto self = weak.lock();
            if (const auto request = weak_transfer.lock(); self && request)
                self->finish(request, cancelled());
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
    while (admission::ticket* next = gone_ ? nullptr : admission_.next()) {
        const transfer_ptr t = transfers_.at(static_cast<transfer*>(next)); // which may end in begin()
        begin(t);
    }
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
    t->file->when_room([weak = weak_from_this(), t] {
        auto self = weak.lock();
        if (!self || !t->handle_in_use())
            return;
        t->limits.hold(false, transfer::clock::now());
        self->deadlines_->watch(t.get(), t->limits.next().at);
        self->multi_->resume(t->handle_in_use());
    });
    ++files_at_work_;
    t->file->when_gone([weak = weak_from_this()] {
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
    t->file->open([weak = weak_from_this(), t, failed](failure why) {
        if (why.code())
            return failed(std::move(why));
        if (auto self = weak.lock())
            self->look_up(t);
    });
}

void engine::look_up(const transfer_ptr& t) {
    enter(*t, phase::resolve);
    if (const auto& literal = t->url.literal()) {
        t->addresses = {*literal};
        return attempt(t);
    }
    resolver_->resolve(
        t->url.host(), with_failure(
                           t->look_up_story, asio::bind_cancellation_slot(
                                                 t->look_up.slot(),
                                                 [weak = weak_from_this(), t, attempt = t->attempts](
                                                     error_code code, std::vector<asio::ip::address> addresses
                                                 ) {
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
        idle_handles_.push_back(t->release_handle());
        return attempt(t);
    }
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
    t->look_up.emit(asio::cancellation_type::all);
    if (CURL* handle = t->handle_in_use()) {
        multi_->remove(handle);
        idle_handles_.push_back(t->release_handle());
    }
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
    if (failure why = t->go_on(); why.code())
        return finish(t, why.ended(outcome::answered));
    idle_handles_.push_back(t->release_handle());
    if (t->url.origin() == before)
        return look_up(t);
    enter(*t, phase::queue);
    admission_.move(*t, t->url.origin());
    pump();
}

void engine::store(const transfer_ptr& t) {
    enter(*t, phase::file);
    t->file->finish(t->answer_is_wanted(), [weak = weak_from_this(), t](failure why) {
        if (auto self = weak.lock())
            self->finish(t, std::move(why));
    });
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
    response answer = told.code() ? response() : t->take_answer();
    stop_attempt(*t);
    deadlines_->forget(t.get());
    admission_.leave(*t);
    transfers_.erase(t.get());
    auto handler = std::move(t->handler);
    ++(told.code() ? failed_ : completed_);
    if (told.code())
        handler.fail(told);
    else
        handler.succeed(std::move(answer));
    pump();
    told_if_drained();
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

void engine::stop_attempt(transfer& t) {
    t.look_up.emit(asio::cancellation_type::all);
    if (t.file)
        t.file->abandon();
    if (CURL* handle = t.handle_in_use()) {
        multi_->remove(handle);
        idle_handles_.push_back(t.release_handle());
    }
}

void engine::enter(transfer& t, phase p) {
    t.limits.enter(p, transfer::clock::now());
    deadlines_->watch(&t, t.limits.next().at);
}

deadline engine::check_limits(void* key) {
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
        multi_->remove(t->handle_in_use());
        idle_handles_.push_back(t->release_handle());
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
        transfer::set_up(*fresh, options_);
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
