#include "http_client/file_sink.hpp"

#include <oneloop/blocking.hpp>
#include <oneloop/run.hpp>
#include <oneloop/sleep.hpp>

#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

namespace oneloop::http {
namespace {

using shared_file = std::shared_ptr<part_file>;

// Plain functions with the file shared: a call that nobody waits for any more still runs to its end on its
// thread.
failure open_file(const shared_file& file) {
    return file->open();
}
std::pair<failure, bool> hash_some(const shared_file& file) {
    failure why;
    const bool more = file->hash_more(why);
    return {why, more};
}
failure empty_file(const shared_file& file, part_record of) {
    return file->start_over(std::move(of));
}
failure commit_file(const shared_file& file, std::string name) {
    return file->commit(std::move(name));
}
void stop_file(const shared_file& file) {
    file->stop();
}
void discard_file(const shared_file& file) {
    file->discard();
}
std::pair<failure, std::string> write_buffer(const shared_file& file, std::string bytes) {
    failure why = file->write(bytes);
    bytes.clear(); // its memory comes back to be filled again
    return {std::move(why), std::move(bytes)};
}

} // namespace

file_sink::file_sink(executor loop, file_plan plan)
    : loop_(std::move(loop)),
      file_(std::make_shared<part_file>(std::move(plan))),
      filled_(std::make_shared<oneloop::detail::wait_list>(loop_)) {}

void file_sink::open(std::function<void(failure)> ready) {
    ready_ = std::move(ready);
    spawn(loop_, work(shared_from_this()));
}

void file_sink::start_over(part_record of) {
    filling_.clear();
    over_ = std::move(of);
    filled_->notify_one();
}

bool file_sink::write(std::string_view piece) {
    if (!filling_.empty() && filling_.size() + piece.size() > buffer_size) {
        sender_waits_ = true;
        return false;
    }
    filling_.append(piece);
    if (filling_.size() * 2 >= buffer_size)
        filled_->notify_one();
    return true;
}

void file_sink::finish(bool wanted, std::string name, std::function<void(failure, std::string)> done) {
    ended_ = true;
    wanted_ = wanted;
    name_ = std::move(name);
    done_ = std::move(done);
    filled_->notify_one();
}

void file_sink::abandon(bool spoilt) {
    abandoned_ = true;
    spoilt_ = spoilt;
    ready_ = failed_ = nullptr;
    done_ = nullptr;
    room_ = nullptr;
    filled_->notify_one();
}

// One that was cancelled or timed out a moment ago may still hold the part: that is waited for.
awaitable<failure> file_sink::open_part() {
    static constexpr int attempts = 50;
    static constexpr auto pause = std::chrono::milliseconds(20);
    const error_code busy(EBUSY, file_category());
    failure why = co_await run_blocking(open_file, file_);
    for (int i = 1; i < attempts && why.code() == busy && !abandoned_; ++i) {
        co_await sleep_for(pause);
        why = co_await run_blocking(open_file, file_);
    }
    bool more = !why.code();
    while (more && !abandoned_) {
        auto step = co_await run_blocking(hash_some, file_);
        why = std::move(step.first);
        more = step.second;
    }
    found_ = file_->size();
    found_record_ = file_->record();
    co_return why;
}

// What came before the end is written, also when nobody waits for it any more: it can be gone on from.
awaitable<failure> file_sink::move_buffers() {
    while (!spoilt_) {
        const bool last = ended_ || abandoned_;
        if (over_) {
            part_record of = std::move(*over_);
            over_.reset();
            failure why = co_await run_blocking(empty_file, file_, std::move(of));
            if (why.code())
                co_return why;
            continue;
        }
        if (filling_.empty() && last)
            break;
        if (filling_.size() * 2 < buffer_size && !last) {
            co_await filled_->wait();
            continue;
        }
        writing_.swap(filling_);
        if (std::exchange(sender_waits_, false) && room_)
            room_();
        auto written = co_await run_blocking(write_buffer, file_, std::move(writing_));
        if (written.first.code())
            co_return written.first;
        writing_ = std::move(written.second);
    }
    co_return failure();
}

awaitable<failure> file_sink::conclude(bool whole) {
    failure why;
    if (whole && wanted_ && !abandoned_)
        why = co_await run_blocking(commit_file, file_, name_);
    else if (spoilt_)
        co_await run_blocking(discard_file, file_);
    else
        co_await run_blocking(stop_file, file_);
    co_return why;
}

awaitable<void> file_sink::work(std::shared_ptr<file_sink> self) {
    failure why;
    try {
        why = co_await self->open_part();
        const bool opened = !why.code();
        self->broken_ = !opened;
        why.in(phase::file);
        if (auto ready = std::exchange(self->ready_, nullptr))
            ready(why);
        if (opened)
            why = co_await self->move_buffers();
        const bool whole = !why.code();
        failure end = co_await self->conclude(whole);
        if (whole)
            why = std::move(end);
    } catch (const error& refused) { // the pool's queue is full
        why = refused.failure();
    } catch (const std::exception&) { // no memory, no thread
        why = failure(error_code(ENOMEM, file_category()));
    }
    why.in(phase::file);
    self->broken_ = why.code().failed();
    if (self->done_)
        std::exchange(self->done_, nullptr)(why, self->file_->path());
    else if (why.code() && self->failed_)
        std::exchange(self->failed_, nullptr)(why);
    if (self->gone_)
        std::exchange(self->gone_, nullptr)();
}

} // namespace oneloop::http
