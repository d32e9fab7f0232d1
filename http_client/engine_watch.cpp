// What the engine tells of its requests: counters, and the steps for whoever looks on.

#include "http_client/engine.hpp"

#include <utility>

namespace oneloop::http {

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

void engine::trace(const transfer& t, trace_event::step what, const std::function<void(trace_event&)>& more) {
    trace_event e;
    e.request = t.number;
    e.attempt = t.attempts + 1;
    e.what = what;
    e.at = transfer::clock::now();
    e.method = t.method();
    e.url = t.url.shown();
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
    else if (t.where() == phase::tls)
        note(t, trace_event::step::securing, connected);
}

std::vector<client::host_statistics> engine::stats_by_host() const {
    std::vector<client::host_statistics> all;
    admission_.each_host([&](const std::string& origin) {
        if (!hosts_.knows(origin)) // of which no request has ended yet
            all.emplace_back().origin = origin;
    });
    for (auto& host : hosts_.all())
        all.push_back(std::move(host));
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
