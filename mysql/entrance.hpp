#pragma once

#include "mysql/session.hpp"
#include <oneloop/detail/lending.hpp>

#include <memory>
#include <utility>

namespace oneloop::mysql {

/// The way from a connection object into its session, which the object's operations share. What was deferred
/// and is started after the end of a lease must not reach the session: it may be somebody else's by then.
class entrance {
public:
    /// Its own session ends with the connection object.
    explicit entrance(std::shared_ptr<session> owned) : to_(std::move(owned)) {}
    /// A borrowed one goes back.
    explicit entrance(const oneloop::detail::lent_ptr& loan)
        : to_(std::static_pointer_cast<session>(loan->connection())), borrowed_(true), loan_(loan) {}

    const std::shared_ptr<session>& to() const noexcept { return to_; }
    bool over() const noexcept { return borrowed_ && loan_.expired(); }

    /// The end of the connection object.
    void end() noexcept {
        if (!borrowed_)
            to_->shut_down();
    }

private:
    const std::shared_ptr<session> to_;
    const bool borrowed_ = false;
    std::weak_ptr<oneloop::detail::lent> loan_;
};

} // namespace oneloop::mysql
