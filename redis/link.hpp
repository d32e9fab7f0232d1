#pragma once

#include "core/deadline_timer.hpp"
#include "core/dial.hpp"
#include "redis/codec.hpp"
#include "redis/guard.hpp"
#include <oneloop/detail/pooled.hpp>
#include <oneloop/redis/commands.hpp>
#include <oneloop/redis/options.hpp>

#include <array>
#include <list>
#include <memory>
#include <optional>

namespace oneloop::redis {

/// One connection to a server. Commands wait in the outbox until the connection is ready and the writer is
/// free, go out together, and then stand in flight in the order in which their replies will come. Everything
/// but the constructor runs on the loop.
///
/// A command whose caller has gone keeps its place in flight; its reply is dropped.
class link final : public detail::target,
                   public oneloop::detail::pooled,
                   public std::enable_shared_from_this<link> {
public:
    link(executor loop, std::shared_ptr<const options>, std::shared_ptr<resolver>, usage);
    ~link() override;

    // as a pool sees it
    void open(told done) override;
    void restore(told done) override;
    bool sound() noexcept override;
    void close(told done) override;
    void shut_down() noexcept override;

    // as its user sees it
    void
    submit(const std::shared_ptr<detail::value_operation>&, request, const std::shared_ptr<oneloop::detail::cancel_link>&)
        override;
    const executor& loop() const noexcept override { return loop_; }

    bool lost() const noexcept { return state_ == state::lost; }
    const failure& why_lost() const noexcept { return why_lost_; }
    std::size_t waiting() const noexcept { return outbox_.size(); }
    std::size_t in_flight() const noexcept { return state_ == state::login ? 0 : in_flight_.size(); }
    std::size_t abandoned() const noexcept { return abandoned_; }
    std::uint64_t answered() const noexcept { return answered_; }

private:
    enum class state { fresh, dialling, login, ready, lost };

    class entry;
    using entry_ptr = std::shared_ptr<entry>;
    using entry_list = std::list<entry_ptr>;

    static server_address address_in(const options&);
    void dialled(failure, dial::socket);
    void log_in();
    void login_answered(const entry&, value);
    void flush_soon();
    void flush();
    void write();
    void read();
    void replied(entry&, value) noexcept;
    void give_up(const entry_ptr&, failure);
    void leave_outbox(entry&);
    deadline overdue(deadline_timer::entry&);
    void lose(failure why);
    void fail(entry&, failure why, outcome);
    void told_if_drained();
    failure tell(failure why, const entry&) const;

    executor loop_;
    std::shared_ptr<const options> options_;
    std::shared_ptr<resolver> resolver_;
    const usage usage_;
    const std::string where_;
    state state_ = state::fresh;
    std::shared_ptr<dial> dial_;
    deadline connected_by_;
    dial::socket socket_;
    std::optional<codec> codec_;
    std::optional<deadline_timer> deadlines_;
    deadline_timer::entry connecting_; // may take until connected_by_
    entry_list outbox_, in_flight_;
    std::size_t pending_ = 0, pending_bytes_ = 0, abandoned_ = 0, logins_owed_ = 0; // pending: in both lists
    std::uint64_t answered_ = 0;
    bool writing_ = false, flush_pending_ = false;
    session_state session_;
    failure why_lost_;
    told opened_, closed_;
    std::array<char, std::size_t{32} * 1024> input_;
};

} // namespace oneloop::redis
