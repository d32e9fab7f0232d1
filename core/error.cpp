#include <oneloop/error.hpp>

#include <boost/asio/error.hpp>

#include <string.h>

namespace oneloop {
namespace {

namespace asio = boost::asio;

class own_category final : public boost::system::error_category {
public:
    constexpr own_category() : error_category(0x6f6e656c6f6f7001) {}
    const char* name() const noexcept override { return "oneloop"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::timed_out:
                return "timed out";
            case errc::closed:
                return "the client was closed";
            case errc::queue_full:
                return "the queue is full";
            case errc::too_large:
                return "larger than allowed";
            case errc::invalid_argument:
                return "invalid argument";
            case errc::protocol_violation:
                return "the server does not keep to the protocol";
            case errc::too_many:
                return "more than allowed";
            case errc::forbidden:
                return "forbidden by a rule of the client";
        }
        return "unknown error";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
            case errc::timed_out:
                return condition::timeout;
            case errc::closed:
                return condition::closed;
            case errc::queue_full:
            case errc::too_large:
            case errc::too_many:
                return condition::limit;
            case errc::invalid_argument:
                return condition::argument;
            case errc::protocol_violation:
                return condition::protocol;
            case errc::forbidden:
                return condition::forbidden;
        }
        return {value, *this};
    }
};

// Codes of the system and of Asio know nothing of our conditions, so the conditions know them.
bool system_code_is(const error_code& code, condition c) {
    const bool system = code.category() == boost::system::system_category();
    switch (c) {
        case condition::cancelled:
            return code == asio::error::operation_aborted;
        case condition::timeout:
            return code == boost::system::errc::timed_out;
        case condition::protocol:
            return code == boost::system::errc::protocol_error;
        case condition::resolve:
            return code.category() == asio::error::get_netdb_category() ||
                   code.category() == asio::error::get_addrinfo_category();
        case condition::network:
            return code == asio::error::eof ||
                   (system &&
                    (code == asio::error::connection_refused || code == asio::error::connection_reset ||
                     code == asio::error::connection_aborted || code == asio::error::broken_pipe ||
                     code == asio::error::network_unreachable || code == asio::error::host_unreachable ||
                     code == asio::error::network_down || code == asio::error::not_connected));
        default:
            return false;
    }
}

class portable_category final : public boost::system::error_category {
public:
    constexpr portable_category() : error_category(0x6f6e656c6f6f7002) {}
    const char* name() const noexcept override { return "oneloop.condition"; }
    std::string message(int value) const override {
        switch (static_cast<condition>(value)) {
            case condition::timeout:
                return "timeout";
            case condition::cancelled:
                return "cancelled";
            case condition::resolve:
                return "name resolution failed";
            case condition::network:
                return "network failure";
            case condition::tls:
                return "TLS failure";
            case condition::protocol:
                return "protocol violation";
            case condition::server:
                return "error of the server";
            case condition::limit:
                return "limit reached";
            case condition::closed:
                return "closed";
            case condition::argument:
                return "invalid argument";
            case condition::forbidden:
                return "forbidden by a rule of the client";
            case condition::file:
                return "file error";
        }
        return "unknown condition";
    }
    bool equivalent(const error_code& code, int value) const noexcept override {
        return system_code_is(code, static_cast<condition>(value));
    }
};

class signals_category final : public boost::system::error_category {
public:
    constexpr signals_category() : error_category(0x6f6e656c6f6f7003) {}
    const char* name() const noexcept override { return "oneloop.signal"; }
    std::string message(int value) const override {
        const char* abbreviation = ::sigabbrev_np(value);
        return abbreviation ? std::string("interrupted by SIG") + abbreviation : "interrupted by a signal";
    }
    boost::system::error_condition default_error_condition(int) const noexcept override {
        return condition::cancelled;
    }
};

class files_category final : public boost::system::error_category {
public:
    constexpr files_category() : error_category(0x6f6e656c6f6f7004) {}
    const char* name() const noexcept override { return "oneloop.file"; }
    std::string message(int value) const override { return boost::system::system_category().message(value); }
    boost::system::error_condition default_error_condition(int) const noexcept override {
        return condition::file;
    }
    bool equivalent(int value, const boost::system::error_condition& c) const noexcept override {
        return default_error_condition(value) == c || boost::system::system_category().equivalent(value, c);
    }
};

constexpr own_category own;
constexpr files_category files;
constexpr portable_category portable;
constexpr signals_category signals;

} // namespace

const boost::system::error_category& error_category() noexcept {
    return own;
}
const boost::system::error_category& condition_category() noexcept {
    return portable;
}
const boost::system::error_category& file_category() noexcept {
    return files;
}
const boost::system::error_category& signal_category() noexcept {
    return signals;
}

std::string_view to_string(phase p) noexcept {
    switch (p) {
        case phase::none:
            return "none";
        case phase::queue:
            return "queue";
        case phase::resolve:
            return "resolve";
        case phase::connect:
            return "connect";
        case phase::tls:
            return "tls";
        case phase::auth:
            return "auth";
        case phase::send:
            return "send";
        case phase::first_byte:
            return "first byte";
        case phase::receive:
            return "receive";
        case phase::file:
            return "file";
    }
    return "unknown";
}

std::string_view to_string(outcome o) noexcept {
    switch (o) {
        case outcome::not_sent:
            return "nothing was sent";
        case outcome::in_doubt:
            return "in doubt: it was sent and not answered";
        case outcome::answered:
            return "the server had begun to answer";
    }
    return "unknown";
}

std::string failure::message() const {
    if (!code_)
        return "no error";
    std::string line;
    if (!doing_.empty())
        line += doing_ + ": ";
    line += reason();
    std::string facts;
    auto add = [&facts](std::string_view fact) { (facts += facts.empty() ? "" : "; ") += fact; };
    if (where_ != phase::none)
        add(std::string("phase ").append(to_string(where_)));
    if (!limit_.empty())
        add("limit " + limit_);
    if (where_ != phase::none)
        add(to_string(outcome_));
    if (!facts.empty())
        line += " (" + facts + ")";
    return line;
}

void throw_exception_from_error(const failure& f, const boost::source_location&) {
    throw error(f);
}

bool is_cancellation(const std::exception_ptr& e) noexcept {
    if (!e)
        return false;
    try {
        std::rethrow_exception(e);
    } catch (const boost::system::system_error& coded) {
        return coded.code() == condition::cancelled;
    } catch (...) {
        return false;
    }
}

failure cancelled() {
    return failure(error_code(asio::error::operation_aborted)).because("cancelled");
}

} // namespace oneloop
