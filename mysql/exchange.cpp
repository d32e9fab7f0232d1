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

} // namespace

// What is only being prepared is not carried out, whatever the server may have received of it. Its own
// refusal is an answer all the same.
failure tell_progress(const stepper& s, failure why) {
    const bool harmless = s.prepares() && !(why == condition::server);
    switch (s.so_far()) {
        case stepper::progress::answer_begun:
            return why.in(phase::receive).ended(harmless ? outcome::not_sent : outcome::answered);
        case stepper::progress::sent:
            return why.in(phase::first_byte).ended(harmless ? outcome::not_sent : outcome::in_doubt);
        case stepper::progress::nothing_sent:
            break;
    }
    return why.in(phase::send).ended(outcome::not_sent);
}

exchange::exchange(executor loop, stepper& s, std::uint64_t max_result, told done)
    : stepper_(s), loop_(std::move(loop)), max_result_(max_result), done_(std::move(done)) {}

void exchange::begin_rows(const MYSQL_FIELD* fields, unsigned count) {
    keeps_rows_ = store_->columns.empty();
    for (unsigned i = 0; keeps_rows_ && i < count; ++i)
        store_->columns.emplace_back(fields[i].name, fields[i].name_length);
}

void exchange::read_rows() {
    const auto end_of_turn = clock::now() + longest_turn;
    std::uint64_t next_look = bytes_ + bytes_between_looks;
    for (unsigned n = 1;; ++n) {
        if (const int status = fetch_start())
            return stepper_.drive(
                status, [this](int what) { return fetch_cont(what); },
                [this] {
                    if (took_row())
                        read_rows();
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
    soon([this] { read_rows(); });
}

void exchange::soon(std::function<void()> next) {
    boost::asio::post(loop_, [weak = weak_from_this(), next = std::move(next)] {
        if (auto self = weak.lock(); self && self->done_)
            next();
    });
}

bool exchange::keep(const char* const* values, const unsigned long* lengths, unsigned count) {
    std::uint64_t size = 0;
    for (unsigned i = 0; i < count; ++i)
        size += lengths[i];
    if (bytes_ + size > max_result_) {
        finish(
            tell_progress(stepper_, failure(errc::too_large).limit("max_result " + in_words(max_result_))),
            false
        );
        return false;
    }
    try {
        bytes_ += keeps_rows_ ? store_->add(values, lengths) : size;
    } catch (const std::bad_alloc&) {
        finish(
            tell_progress(stepper_, failure(make_error_code(boost::system::errc::not_enough_memory))), false
        );
        return false;
    }
    return true;
}

failure exchange::refused(unsigned number, const char* text) const {
    return tell_progress(stepper_, verdict(number, text));
}

void exchange::finish(failure why, bool sound) {
    const auto keep = shared_from_this();
    const auto done = std::exchange(done_, nullptr);
    rows answer;
    if (!why.code())
        answer = rows(std::move(store_));
    done(std::move(why), std::move(answer), sound);
}

void exchange::abandon() noexcept {
    const auto dies_here = std::exchange(done_, nullptr);
}

} // namespace oneloop::mysql
