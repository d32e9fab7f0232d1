#pragma once

#include "core/loop_timer.hpp"
#include "mysql/connect_threads.hpp"
#include <oneloop/resolver.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oneloop::mysql {

/// The way from options to a connection that is logged in, within connect_timeout: looks the name up, and
/// tries its addresses one after the other. On the loop.
class opening : public std::enable_shared_from_this<opening> {
public:
    using told = std::function<void(handle, failure)>;

    opening(executor loop, options, told done);

    void start();

    /// Nobody is told any more, and nothing that belongs to the loop is left.
    void stop() noexcept;

    phase where() const noexcept { return attempt_ ? attempt_->where() : where_; }
    failure tell(failure why, phase where) const;

private:
    void look_up();
    void resolved(error_code, std::vector<boost::asio::ip::address>);
    void try_next();
    void start_attempt(std::string host, deadline until);
    void ended(login);
    void finish(handle, failure);
    void when(loop_timer&, deadline, void (opening::*)());
    void time_is_up();
    void share_is_up();
    deadline share(std::size_t left) const;

    executor loop_;
    options options_;
    told done_;
    deadline until_;
    phase where_ = phase::none;
    std::optional<loop_timer> timer_, share_timer_;
    std::shared_ptr<resolver> resolver_;
    boost::asio::cancellation_signal stop_look_up_;
    failure look_up_story_;
    std::vector<std::string> hosts_;
    std::size_t next_ = 0;
    std::shared_ptr<attempt> attempt_;
};

} // namespace oneloop::mysql
