#include "http_client/file_sink.hpp"

#include <oneloop/blocking.hpp>
#include <oneloop/run.hpp>

#include <cerrno>
#include <exception>
#include <utility>

namespace oneloop::http {
namespace {

// Plain functions with the file shared: a call that nobody waits for any more still runs to its end on its
// thread.
error_code open_file(const std::shared_ptr<part_file>& file) {
    return file->open();
}
error_code commit_file(const std::shared_ptr<part_file>& file) {
    return file->commit();
}
void discard_file(const std::shared_ptr<part_file>& file) {
    file->discard();
}
std::pair<error_code, std::string> write_buffer(const std::shared_ptr<part_file>& file, std::string bytes) {
    error_code code = file->write(bytes);
    bytes.clear(); // its memory comes back to be filled again
    return {code, std::move(bytes)};
}

} // namespace

file_sink::file_sink(executor loop, std::string path)
    : loop_(std::move(loop)),
      file_(std::make_shared<part_file>(std::move(path))),
      filled_(std::make_shared<oneloop::detail::wait_list>(loop_)) {}

void file_sink::open(std::function<void(failure)> ready) {
    ready_ = std::move(ready);
    spawn(loop_, work(shared_from_this()));
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

void file_sink::finish(bool wanted, std::function<void(failure)> done) {
    ended_ = true;
    wanted_ = wanted;
    done_ = std::move(done);
    filled_->notify_one();
}

void file_sink::abandon() {
    abandoned_ = true;
    ready_ = failed_ = done_ = nullptr;
    room_ = nullptr;
    filled_->notify_one();
}

failure file_sink::told(error_code code, const char* what) const {
    if (!code)
        return {};
    return failure(code)
        .in(phase::file)
        .because("cannot " + std::string(what) + " " + file_->path() + ": " + code.message());
}

awaitable<error_code> file_sink::move_buffers() {
    while (!abandoned_) {
        if (filling_.empty() && ended_)
            break;
        if (filling_.size() * 2 < buffer_size && !ended_) {
            co_await filled_->wait();
            continue;
        }
        writing_.swap(filling_);
        if (std::exchange(sender_waits_, false) && room_)
            room_();
        auto written = co_await run_blocking(write_buffer, file_, std::move(writing_));
        if (written.first)
            co_return written.first;
        writing_ = std::move(written.second);
    }
    co_return error_code();
}

awaitable<void> file_sink::work(std::shared_ptr<file_sink> self) {
    failure why;
    try {
        const error_code opened = co_await run_blocking(open_file, self->file_);
        why = self->told(opened, "make");
        if (auto ready = std::exchange(self->ready_, nullptr))
            ready(why);
        if (!opened) {
            const error_code written = co_await self->move_buffers();
            why = self->told(written, "write");
        }
        if (!why.code() && self->wanted_ && !self->abandoned_) {
            const error_code committed = co_await run_blocking(commit_file, self->file_);
            why = self->told(committed, "finish");
        } else {
            co_await run_blocking(discard_file, self->file_);
        }
    } catch (const error& refused) { // the pool's queue is full
        why = refused.failure();
        why.in(phase::file);
    } catch (const std::exception&) { // no memory, no thread
        why = failure(error_code(ENOMEM, file_category())).in(phase::file);
    }
    if (self->done_)
        std::exchange(self->done_, nullptr)(why);
    else if (why.code() && self->failed_)
        std::exchange(self->failed_, nullptr)(why);
    if (self->gone_)
        std::exchange(self->gone_, nullptr)();
}

} // namespace oneloop::http
