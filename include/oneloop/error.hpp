#pragma once

/// What can go wrong, told whole: which code, in which phase, against which limit, and what became of the
/// request.
///
/// Three forms carry the same story: `oneloop::error` is thrown by a plain `co_await`, `oneloop::result<T>`
/// is given by the token `nothrow`, and every other completion token gets the bare `error_code`.

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <iosfwd>
#include <string>
#include <string_view>

namespace oneloop {

using boost::system::error_code;

/// Portable questions to ask of any error code of any module: `if (e.code() == condition::timeout)`.
enum class condition {
    timeout = 1, ///< a limit of time was reached; `failure::limit()` says which
    cancelled,   ///< the caller (or Ctrl-C) cancelled it
    resolve,     ///< the name has no address, or nobody answered the question
    network,     ///< no connection, or it broke
    tls,         ///< the handshake failed or the certificate is not to be trusted
    protocol,    ///< the peer sent something that its protocol does not allow
    server,      ///< the server answered with an error of its own
    limit,       ///< a limit of count or size was reached
    closed,      ///< the client, pool or loop was closed
    argument,    ///< the call itself is wrong; nothing was tried
    file,        ///< reading or writing a local file failed
    forbidden    ///< a rule of the client that was set on purpose does not allow it
};

/// Errors that oneloop itself decides on. Native numbers of the C libraries keep categories of their own.
enum class errc {
    timed_out = 1, ///< -> condition::timeout. Raise the limit named in the failure, or ask a faster server.
    closed,        ///< -> condition::closed. The client was closed or destroyed; make a new one.
    queue_full,    ///< -> condition::limit. Start fewer operations at once, or raise the limit of the queue.
    too_large,     ///< -> condition::limit. Raise the limit, or write the body to a file.
    invalid_argument,   ///< -> condition::argument. The text of the failure says what to write instead.
    protocol_violation, ///< -> condition::protocol. Look whether that is the right server and port.
    forbidden, ///< -> condition::forbidden. The text of the failure names the rule; allow it there if it is
               ///< meant.
    too_many ///< -> condition::limit. Raise the limit that the failure names, or look why there are so many.
};

/// The stretch of an operation in which it failed.
enum class phase { none, queue, resolve, connect, tls, auth, send, first_byte, receive, file };

/// What became of the request: is it safe to send it again?
enum class outcome {
    not_sent, ///< nothing of it left this machine: safe to repeat
    in_doubt, ///< it was sent, wholly or in part, and no answer came: the server may have acted on it
    answered  ///< the server began to answer: it has acted on it
};

std::string_view to_string(phase) noexcept;
std::string_view to_string(outcome) noexcept;

const boost::system::error_category& error_category() noexcept;
const boost::system::error_category& condition_category() noexcept;

/// Codes with the numbers of errno, of functions that work on files: all are `condition::file`, and compare
/// equal to `boost::system::errc` as those of the system do (`no_space_on_device` …).
const boost::system::error_category& file_category() noexcept;

/// Codes whose value is a signal's number: what `run` reports when Ctrl-C or SIGTERM ended the program.
const boost::system::error_category& signal_category() noexcept;

inline error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}
inline boost::system::error_condition make_error_condition(condition c) noexcept {
    return {static_cast<int>(c), condition_category()};
}

} // namespace oneloop

template <>
struct boost::system::is_error_code_enum<oneloop::errc> : std::true_type {};
template <>
struct boost::system::is_error_condition_enum<oneloop::condition> : std::true_type {};

namespace oneloop {

/// The whole story of one failed operation. Holds no secrets: no password, userinfo or Authorization header.
class failure {
public:
    failure() = default;
    failure(error_code code) : code_(code) {}
    failure(errc code) : code_(code) {}

    /// The setters give back the failure, so that it is told in one expression.
    failure& in(oneloop::phase where) { return where_ = where, *this; }
    failure& limit(std::string which) { return limit_ = std::move(which), *this; }
    failure& ended(oneloop::outcome how) { return outcome_ = how, *this; }
    failure& doing(std::string what) { return doing_ = std::move(what), *this; }
    failure& because(std::string why) { return why_ = std::move(why), *this; }

    const error_code& code() const noexcept { return code_; }
    oneloop::phase phase() const noexcept { return where_; }
    oneloop::outcome outcome() const noexcept { return outcome_; }

    /// The limit that was hit, by the name of its option and its value ("connect_timeout 10s"); empty if none
    /// was.
    const std::string& limit() const noexcept { return limit_; }

    /// What was being done ("GET http://example.org/") and why it failed, in words.
    const std::string& doing() const noexcept { return doing_; }
    std::string reason() const { return why_.empty() ? code_.message() : why_; }

    /// All of it in one line, for a log or a person.
    std::string message() const;

    friend bool operator==(const failure& f, condition c) noexcept {
        return f.code_ == make_error_condition(c);
    }
    friend bool operator==(const failure& f, const error_code& c) noexcept { return f.code_ == c; }

    /// Writes message(). (Printing a `result<T>`, as test frameworks do, needs it.)
    template <class Char, class Traits>
    friend std::basic_ostream<Char, Traits>& operator<<(
        std::basic_ostream<Char, Traits>& out, const failure& f
    ) {
        return out << f.message().c_str();
    }

private:
    error_code code_;
    oneloop::phase where_ = oneloop::phase::none;
    oneloop::outcome outcome_ = oneloop::outcome::not_sent;
    std::string limit_, doing_, why_;
};

/// The one exception of the library. `what()` is `failure::message()`.
///
/// It is a `boost::system::system_error`, as are the errors that Asio itself throws: when a coroutine was
/// cancelled, Asio makes its next `co_await` throw a plain `system_error` with `operation_aborted`. Catch
/// `system_error` to catch both.
class error : public boost::system::system_error {
public:
    explicit error(oneloop::failure f)
        : system_error(f.code()), failure_(std::move(f)), what_(failure_.message()) {}

    const oneloop::failure& failure() const noexcept { return failure_; }
    oneloop::phase phase() const noexcept { return failure_.phase(); }
    oneloop::outcome outcome() const noexcept { return failure_.outcome(); }
    const std::string& limit() const noexcept { return failure_.limit(); }
    const char* what() const noexcept override { return what_.c_str(); }

private:
    oneloop::failure failure_;
    std::string what_;
};

/// A value or the failure in its place: `if (auto r = co_await http.get(url, nothrow); r) use(*r); else
/// log(r.error());`
template <class T>
using result = boost::system::result<T, failure>;

/// Found by `result<T>::value()`: throws `oneloop::error`.
[[noreturn]] void throw_exception_from_error(const failure&, const boost::source_location&);

/// True for an exception that says no more than that its operation was cancelled.
bool is_cancellation(const std::exception_ptr&) noexcept;

/// The failure of an operation that its caller cancelled.
failure cancelled();

} // namespace oneloop
