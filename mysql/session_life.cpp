#include "core/words.hpp"
#include "mysql/option_check.hpp"
#include "mysql/session.hpp"
#include "mysql/verdict.hpp"

#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

// A session's life around its statements: how it is opened, brought back to its beginning, and closed.

namespace oneloop::mysql {

namespace {

constexpr duration restore_limit = std::chrono::seconds(5), goodbye_limit = std::chrono::seconds(2);

} // namespace

void session::open(told done) {
    state_ = state::opening;
    deadlines_.emplace(loop_, [this](deadline_timer::entry& which) { return check_limits(which); });
    opening_ =
        std::make_shared<opening>(loop_, options_, [this, done = std::move(done)](handle h, failure why) {
            const auto keep = shared_from_this();
            const auto dies_here = std::move(opening_);
            options_.resolve_with(nullptr); // the session may outlive the loop, a resolver may not
            state_ = state::lost;
            lost_because_ = "connecting failed";
            if (h) {
                try {
                    stepper_ = std::make_unique<stepper>(loop_, std::move(h));
                    state_ = state::open;
                } catch (const std::system_error& e) {
                    why = failure(error_code(e.code().value(), boost::system::system_category()))
                              .in(phase::connect);
                }
            }
            done(std::move(why));
            say_goodbye_if_drained();
        });
    const auto keep = opening_;
    keep->start();
}

failure session::tell_opening(failure why) const {
    return opening_ ? opening_->tell(std::move(why), opening_->where()) : why.doing(connecting_to(options_));
}

// As a new login on the same connection: the server forgets variables, temporary tables, locks, statements,
// an open transaction and the database that was chosen. (COM_RESET_CONNECTION, which is cheaper, leaves the
// database.) MariaDB's login gives the default role if there is one, but takes no other away; so that goes
// first.
void session::restore(told done) {
    if (!sound())
        return done(
            failure(errc::closed).doing("restore a MySQL session").because("it was in use, or was lost")
        );
    run_task(restore_limit, std::move(done));
    failed_ = 0;
    static constexpr std::string_view sql = "SET ROLE NONE";
    MYSQL* const m = stepper_->get();
    stepper_->drive(
        mysql_real_query_start(&failed_, m, sql.data(), sql.size()),
        [this, m](int what) { return mysql_real_query_cont(&failed_, m, what); },
        [this, m] {
            const auto keep = shared_from_this();
            if (failed_ && !connection_lives_on(mysql_errno(m)))
                return task_failed();
            failed_ = 0; // a server that knows no roles
            log_in_again();
        }
    );
}

void session::log_in_again() {
    MYSQL* const m = stepper_->get();
    const char* const database = options_.database().empty() ? nullptr : options_.database().c_str();
    step(
        mysql_change_user_start(&changed_, m, options_.user().c_str(), options_.password().c_str(), database),
        [this, m](int what) { return mysql_change_user_cont(&changed_, m, what); }, &session::choose_charset
    );
}

// The library still believes in what the last user chose.
void session::choose_charset() {
    if (changed_) {
        failed_ = 1;
        return task_failed();
    }
    MYSQL* const m = stepper_->get();
    step(
        mysql_set_character_set_start(&failed_, m, "utf8mb4"),
        [this, m](int what) { return mysql_set_character_set_cont(&failed_, m, what); }, &session::restored
    );
}

void session::restored() {
    end_task({});
}

void session::run_task(duration limit, told done) {
    task_ = std::move(done);
    task_runs_ = true;
    task_until_ = deadline::in(limit);
    deadlines_->watch(task_limit_, task_until_);
}

void session::step(int status, stepper::cont_function cont, void (session::*next)()) {
    stepper_->drive(status, std::move(cont), [this, next] {
        const auto keep = shared_from_this();
        if (failed_)
            task_failed();
        else
            (this->*next)();
    });
}

void session::task_failed() {
    const auto keep = shared_from_this();
    MYSQL* const m = stepper_ ? stepper_->get() : nullptr;
    const bool late = task_until_.passed(deadline::clock::now());
    failure why = late ? failure(errc::timed_out).limit("restore " + in_words(restore_limit))
                  : m  ? verdict(mysql_errno(m), mysql_error(m))
                       : failure(errc::closed);
    if (closing_ && !task_) { // goodbye took too long
        drop_connection();
        return gone();
    }
    state_ = state::lost;
    lost_because_ = "the connection was lost; connect anew";
    drop_connection();
    fail_waiting(lost_because_);
    end_task(why.doing("restore a MySQL session"));
}

void session::end_task(failure why) {
    deadline_timer::forget(task_limit_);
    task_runs_ = false;
    const auto done = std::exchange(task_, nullptr);
    rest_soon();
    if (done)
        done(std::move(why));
    pump();
    say_goodbye_if_drained();
}

bool session::sound() noexcept {
    return state_ == state::open && !closing_ && !running_ && waiting_.empty() && !task_runs_ &&
           stepper_->quiet();
}

void session::close(told done) {
    closing_ = true;
    closers_.push_back(std::move(done));
    say_goodbye_if_drained();
}

void session::close_for(
    oneloop::detail::completion<> handler, std::shared_ptr<oneloop::detail::cancel_link> link
) {
    oneloop::detail::wait_list::enter(waiting_closers_, std::move(handler), std::move(link));
    close([](failure) {});
}

void session::say_goodbye_if_drained() {
    if (!closing_ || running_ || !waiting_.empty() || task_runs_ || state_ == state::opening)
        return;
    if (state_ != state::open)
        return gone();
    run_task(goodbye_limit, nullptr);
    stepper_->close([this] {
        const auto keep = shared_from_this();
        gone();
    });
}

// Closed, however it came to that.
void session::gone() {
    state_ = state::closed;
    drop_connection();
    task_runs_ = false;
    if (deadlines_) {
        deadline_timer::forget(task_limit_);
        rest_soon();
    }
    for (const auto& done : std::exchange(closers_, {}))
        done({});
    waiting_closers_->notify_all();
}

void session::shut_down() noexcept {
    if (std::exchange(state_, state::closed) == state::closed && !deadlines_)
        return;
    closing_ = true;
    if (const auto stops = std::exchange(opening_, nullptr))
        stops->stop();
    failure why = failure(errc::closed);
    if (running_)
        why = tell_progress(*stepper_, std::move(why));
    const auto s = std::exchange(running_, nullptr);
    drop_connection();
    if (s)
        s->fail(std::move(why));
    if (deadlines_)
        fail_waiting("the connection was closed");
    const auto nobody_told = std::exchange(task_, nullptr);
    closers_.clear();
    task_runs_ = false;
    waiting_closers_->notify_all();
    deadlines_.reset();
    options_.resolve_with(nullptr);
}

} // namespace oneloop::mysql
