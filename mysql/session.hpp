#pragma once

#include "core/deadline_timer.hpp"
#include "mysql/exchange.hpp"
#include "mysql/opening.hpp"
#include "mysql/stepper.hpp"
#include <oneloop/detail/operation.hpp>
#include <oneloop/detail/pooled.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/mysql/parameters.hpp>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oneloop::mysql {

/// A statement on its way through a session.
class statement : public deadline_timer::entry {
public:
    using caller = std::shared_ptr<oneloop::detail::operation<rows>>;

    statement(caller whose, std::string sql, parameters given)
        : whose_(std::move(whose)), sql_(std::move(sql)), parameters_(std::move(given)) {}
    explicit statement(caller whose) : whose_(std::move(whose)), ping_(true) {}

    bool is_ping() const noexcept { return ping_; }
    const std::string& sql() const noexcept { return sql_; }
    const parameters& given() const noexcept { return parameters_; }
    const caller& whose() const noexcept { return whose_; }
    void fail(failure) const;

    deadline until;
    std::list<std::shared_ptr<statement>>::iterator place; ///< while it waits

private:
    caller whose_;
    std::string sql_;
    parameters parameters_;
    bool ping_ = false;
};

/// The inside of a connection: statements one after the other, and the life of the connection around them.
/// All of it runs on the loop. Once lost it stays lost.
class session final : public oneloop::detail::pooled, public std::enable_shared_from_this<session> {
public:
    session(executor loop, options);
    ~session() override { shut_down(); }

    void open(told done) override;
    void restore(told done) override;
    bool sound() noexcept override;
    void close(told done) override;
    void shut_down() noexcept override;

    void enter(std::shared_ptr<statement>, std::shared_ptr<oneloop::detail::cancel_link>);
    void close_for(oneloop::detail::completion<>, std::shared_ptr<oneloop::detail::cancel_link>);

    const executor& loop() const noexcept { return loop_; }
    failure tell_opening(failure) const;

private:
    using statement_ptr = std::shared_ptr<statement>;
    enum class state { fresh, opening, open, lost, closed };

    void pump();
    void begin();
    void ping();
    void ended(failure, rows, bool sound);
    void cancel(const statement_ptr&);
    void interrupt(failure);
    void lose(failure of_running, const std::string& why);
    void drop_connection() noexcept;
    void fail_waiting(const std::string& why);
    failure closed(const std::string& why) const;
    void leave_queue(const statement_ptr&);

    void run_task(duration limit, told done);
    void step(int status, stepper::cont_function, void (session::*next)());
    void log_in_again();
    void choose_charset();
    void restored();
    void task_failed();
    void end_task(failure);

    void say_goodbye_if_drained();
    void gone();
    deadline check_limits(deadline_timer::entry&);
    void rest_soon();

    executor loop_;
    options options_;
    state state_ = state::fresh;
    std::shared_ptr<opening> opening_;
    std::unique_ptr<stepper> stepper_;
    std::shared_ptr<exchange> exchange_;
    std::optional<deadline_timer> deadlines_;
    std::list<statement_ptr> waiting_;
    statement_ptr running_;
    std::string lost_because_;

    told task_; // of open, restore
    deadline task_until_;
    deadline_timer::entry task_limit_;
    int failed_ = 0; // what a step of libmariadb's returned
    my_bool changed_ = 0;
    bool task_runs_ = false, closing_ = false, pumping_ = false, rest_pending_ = false;
    std::vector<told> closers_;
    std::shared_ptr<oneloop::detail::wait_list> waiting_closers_;
};

} // namespace oneloop::mysql
