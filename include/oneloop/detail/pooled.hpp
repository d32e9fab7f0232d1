#pragma once

/// One connection as its pool sees it: what it takes to open it, to lend it, to take it back and to close it.

#include <oneloop/error.hpp>

#include <functional>

namespace oneloop::detail {

/// All of it is called on the pool's loop, one thing after the other. `done` is called once, on the loop, at
/// once or later; never after shut_down().
class pooled {
public:
    /// A failure without a code: it went well.
    using told = std::function<void(failure)>;

    virtual ~pooled() = default;

    /// Connects and logs in, within limits of its own.
    virtual void open(told done) = 0;

    /// Brings the session back to what it was after open(). A failure: it cannot be used again.
    virtual void restore(told done) = 0;

    /// Provably idle: nothing is owed in either direction, and a look at the socket shows neither bytes nor
    /// its end.
    virtual bool sound() noexcept = 0;

    /// Says goodbye and closes, within limits of its own.
    virtual void close(told done) = 0;

    /// Closes at once; whatever is under way ends with errc::closed. May be repeated.
    virtual void shut_down() noexcept = 0;

protected:
    pooled() = default;
    pooled(const pooled&) = delete;
    pooled& operator=(const pooled&) = delete;
};

} // namespace oneloop::detail
