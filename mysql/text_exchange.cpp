#include "mysql/text_exchange.hpp"

#include "mysql/verdict.hpp"

#include <utility>

namespace oneloop::mysql {

namespace {

constexpr auto no_count = static_cast<std::uint64_t>(-1);

} // namespace

text_exchange::text_exchange(
    executor loop, stepper& s, const std::string& sql, std::uint64_t max_result, told done
)
    : exchange(std::move(loop), s, max_result, std::move(done)), sql_(sql) {}

// Sent first and read when there is something to read: in one call the library would try to read at once,
// most often in vain, and when that fails there is no telling whether an answer had begun.
void text_exchange::start() {
    MYSQL* const m = handle();
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

void text_exchange::read_answer() {
    MYSQL* const m = handle();
    stepper_.drive(
        mysql_read_query_result_start(&unread_, m),
        [this, m](int what) { return mysql_read_query_result_cont(&unread_, m, what); },
        [this] {
            failed_ = unread_ != 0 ? 1 : 0;
            answered();
        }
    );
}

void text_exchange::answered() {
    MYSQL* const m = handle();
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
    begin_rows(mysql_fetch_fields(result_), mysql_num_fields(result_));
    read_rows();
}

int text_exchange::fetch_start() {
    return mysql_fetch_row_start(&row_, result_);
}

int text_exchange::fetch_cont(int what) {
    return mysql_fetch_row_cont(&row_, result_, what);
}

// False when this was the last one, or was not to be had.
bool text_exchange::took_row() {
    if (!row_)
        return end_of_rows(), false;
    return keep(row_, mysql_fetch_lengths(result_), mysql_num_fields(result_));
}

void text_exchange::end_of_rows() {
    mysql_free_result(std::exchange(result_, nullptr)); // all of it was read: nothing to wait for
    if (mysql_errno(handle()) != 0)
        return failed();
    take_counts();
    next_result();
}

// A CALL gives the results of its statements, and its own.
void text_exchange::next_result() {
    MYSQL* const m = handle();
    if (!mysql_more_results(m))
        return finish({}, true);
    stepper_.drive(
        mysql_next_result_start(&failed_, m),
        [this, m](int what) { return mysql_next_result_cont(&failed_, m, what); },
        [this] { soon([this] { answered(); }); }
    );
}

void text_exchange::take_counts() {
    MYSQL* const m = handle();
    const std::uint64_t changed = mysql_affected_rows(m);
    store_->affected_rows = mysql_field_count(m) != 0 || changed == no_count ? 0 : changed;
    store_->last_insert_id = mysql_insert_id(m);
    store_->warnings = mysql_warning_count(m);
}

void text_exchange::failed() {
    const unsigned number = mysql_errno(handle());
    finish(refused(number, mysql_error(handle())), connection_lives_on(number));
}

void text_exchange::abandon() noexcept {
    exchange::abandon();
    if (result_)
        mysql_free_result(std::exchange(result_, nullptr));
}

} // namespace oneloop::mysql
