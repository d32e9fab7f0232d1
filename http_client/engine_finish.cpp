// The end of a request: what it held is given back, and its caller is told.

#include "http_client/engine.hpp"

#include <utility>

namespace oneloop::http {

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
    go_out(t, t->url.origin());
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
    leave(*t);
    const auto go_on_without_it = [this] {
        pump();
        told_if_drained();
    };
    // Without a detour through the queue of the loop; then as the last, for whoever is told may do anything
    if (std::exchange(tells_here_, false) && !told.code() && !t->pipe) {
        go_on_without_it();
        return t->handler.succeed_here(std::move(whole));
    }
    deliver(*t, std::move(told), std::move(whole));
    go_on_without_it();
}

void engine::leave(transfer& t) {
    deadline_timer::forget(t);
    admission_.leave(t);
    transfers_.back()->place = t.place;
    std::swap(transfers_.back(), transfers_[t.place]);
    transfers_.pop_back();
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

void engine::stop(transfer& t) {
    if (t.file)
        t.file->abandon();
    if (t.feed)
        t.feed->stop();
    end_attempt(t);
}

} // namespace oneloop::http
