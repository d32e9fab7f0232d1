#pragma once

#include <oneloop/error.hpp>
#include <oneloop/redis/request.hpp>

#include <string>

namespace oneloop::redis {

/// Who uses a connection: many at once, or one borrower.
enum class usage { shared, lent };

/// Why a command may not go to a connection that is used like that, in words that say what to do; empty if it
/// may. Three kinds are refused: what changes the order of replies or hiredis does not survive; on a shared
/// connection what changes the connection for everybody; and there what would keep everybody waiting.
std::string refuse(const request&, usage);

/// What commands have made of the session of a lent connection.
class session_state {
public:
    void sent(const request&) noexcept;
    /// The server has refused it: a transaction that was to begin or to end may not have.
    void refused(const request&, const error_code&) noexcept;

    /// The session is as it was after the login.
    bool pristine() const noexcept { return !changed_ && !transaction_ && !watching_; }

private:
    bool changed_ = false, transaction_ = false, watching_ = false;
};

/// "GET car": a command for a message, without what may be a secret.
std::string shown(const request&);

/// What the server says in an error, for a message: on one line, and without the arguments that it repeats of
/// a command it does not know, an AUTH perhaps.
std::string shown_error(std::string_view text);

} // namespace oneloop::redis
