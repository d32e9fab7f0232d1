#include "mysql/exchange.hpp"

#include "core/words.hpp"
#include "mysql/verdict.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <new>
#include <utility>

namespace oneloop::mysql {

namespace {

using clock = std::chrono::steady_clock;

// How long rows that are there already may keep the loop from everything else, and how often to look at the
// clock.
constexpr std::chrono::milliseconds longest_turn(5);
constexpr std::uint64_t bytes_between_looks = 64 << 10;
constexpr unsigned rows_between_looks = 64;

constexpr auto no_count = static_cast<std::uint64_t>(-1);

} // namespace

failure tell_progress(const stepper& s, failure why) {
    switch (s.so_far()) {
        case stepper::progress::answer_begun:
            return why.in(phase::receive).ended(outcome::answered);
        case stepper::progress::sent:
            return why.in(phase::first_byte).ended(outcome::in_doubt);
        case stepper::progress::nothing_sent:
            break;
    }
    return why.in(phase::send).ended(outcome::not_sent);
}

exchange::exchange(executor loop, stepper& s, const std::string& sql, std::uint64_t max_result, told done)
    : loop_(std::move(loop)), stepper_(s), sql_(sql), max_result_(max_result), done_(std::move(done)) {}

// Sent first and read when there is something to read: in one call the library would try to read at once,
// most often in vain, and when that fails there is no telling whether an answer had begun.
void exchange::start() {
    MYSQL* const m = stepper_.get();
    stepper_.drive(
        mysql_send_query_start(&failed_, m, sql_.data(), sql_.size()),
        [this, m](int what) { return mysql_send_query_cont(&failed_, m, what); },
        [this] {
            if (failed_)
                failed();
            else
                stepper_.wait_for_answer([this] { read_answer(); });
        }
    );
}

void exchange::read_answer() {
    MYSQL* const m = stepper_.get();
    stepper_.drive(
        mysql_read_query_result_start(&unread_, m),
        [this, m](int what) { return mysql_read_query_result_cont(&unread_, m, what); },
        [this] {
            failed_ = unread_;
            answered();
        }
    );
}

void exchange::answered() {
    MYSQL* const m = stepper_.get();
    if (failed_)
        return failed();
    if (mysql_field_count(m) == 0) {
        take_counts();
        return next_result();
    }
    // Row by row: the whole result at once would be beyond any limit before one could look
    result_ = mysql_use_result(m);
    if (!result_)
        return failed();
    keeps_rows_ = store_->columns.empty();
    if (keeps_rows_) {
        const MYSQL_FIELD* fields = mysql_fetch_fields(result_);
        for (unsigned i = 0; i < mysql_num_fields(result_); ++i)
            store_->columns.emplace_back(fields[i].name, fields[i].name_length);
    }
    fetch();
}

void exchange::fetch() {
    const auto end_of_turn = clock::now() + longest_turn;
    std::uint64_t next_look = bytes_ + bytes_between_looks;
    for (unsigned n = 1;; ++n) {
        if (const int status = mysql_fetch_row_start(&row_, result_))
            return stepper_.drive(
                status, [this](int what) { return mysql_fetch_row_cont(&row_, result_, what); },
                [this] {
                    if (took_row())
                        fetch();
                }
            );
        if (!took_row())
            return;
        if (n % rows_between_looks != 0 && bytes_ < next_look)
            continue;
        next_look = bytes_ + bytes_between_looks;
        if (clock::now() >= end_of_turn)
            break;
    }
    boost::asio::post(loop_, [weak = weak_from_this()] {
        if (auto self = weak.lock(); self && self->done_)
            self->fetch();
    });
}

// False when this was the last one, or was not to be had.
bool exchange::took_row() {
    if (!row_)
        return end_of_rows(), false;
    const unsigned long* const lengths = mysql_fetch_lengths(result_);
    std::uint64_t size = 0;
    for (unsigned i = 0; i < mysql_num_fields(result_); ++i)
        size += lengths[i];
    if (bytes_ + size > max_result_) {
        finish(failure(errc::too_large).limit("max_result " + in_words(max_result_)), false);
        return false;
    }
    try {
        bytes_ += keeps_rows_ ? store_->add(row_, lengths) : size;
    } catch (const std::bad_alloc&) {
        finish(failure(make_error_code(boost::system::errc::not_enough_memory)), false);
        return false;
    }
    return true;
}

void exchange::end_of_rows() {
    mysql_free_result(std::exchange(result_, nullptr)); // all of it was read: nothing to wait for
    if (mysql_errno(stepper_.get()) != 0)
        return failed();
    take_counts();
    next_result();
}

// A CALL gives the results of its statements, and its own.
void exchange::next_result() {
    MYSQL* const m = stepper_.get();
    if (!mysql_more_results(m))
        return finish({}, true);
    stepper_.drive(
        mysql_next_result_start(&failed_, m),
        [this, m](int what) { return mysql_next_result_cont(&failed_, m, what); }, [this] { answered(); }
    );
}

void exchange::take_counts() {
    MYSQL* const m = stepper_.get();
    const std::uint64_t changed = mysql_affected_rows(m);
    store_->affected_rows = mysql_field_count(m) != 0 || changed == no_count ? 0 : changed;
    store_->last_insert_id = mysql_insert_id(m);
    store_->warnings = mysql_warning_count(m);
}

void exchange::failed() {
    MYSQL* const m = stepper_.get();
    const unsigned number = mysql_errno(m);
    finish(verdict(number, mysql_error(m)), connection_lives_on(number));
}

void exchange::finish(failure why, bool sound) {
    const auto keep = shared_from_this();
    const auto done = std::exchange(done_, nullptr);
    rows answer;
    if (why.code())
        why = tell_progress(stepper_, std::move(why));
    else
        answer = rows(std::move(store_));
    done(std::move(why), std::move(answer), sound);
}

void exchange::abandon() noexcept {
    const auto dies_here = std::exchange(done_, nullptr);
    if (result_)
        mysql_free_result(std::exchange(result_, nullptr));
}

} // namespace oneloop::mysql
