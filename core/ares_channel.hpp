#pragma once

#include "core/poll_set.hpp"
#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct ares_channeldata;
struct ares_addrinfo;

namespace oneloop {

/// What came of one question.
struct dns_answer {
    error_code code; ///< of resolver_category()
    std::vector<boost::asio::ip::address> addresses;
    std::chrono::steady_clock::duration ttl{};
    bool no_such_name = false; ///< a server said that the name does not exist or has no address
    bool gave_up = false;      ///< no server answered in the time that c-ares gives each
};

/// Why there is no answer, in words for those who do not know DNS by heart.
std::string dns_reason(const error_code&);

/// One channel of c-ares on one executor: its sockets, its timer and its questions. It has work on the loop
/// only while a question is unanswered.
///
/// c-ares calls back in the middle of its own functions, and does not take being destroyed there. So an
/// answer is put aside, and told when c-ares has returned.
class ares_channel : public std::enable_shared_from_this<ares_channel> {
public:
    using answer_function = std::function<void(const std::string& name, dns_answer)>;

    struct settings {
        std::vector<std::string> servers;     ///< "host:port"; none: the system's
        std::chrono::milliseconds patience{}; ///< with one server before the next is asked
    };

    /// `tell` must not destroy the channel. Throws system_error where c-ares or the process cannot have one
    /// more.
    ares_channel(const executor& loop, const settings&, answer_function tell);
    ~ares_channel();
    ares_channel(const ares_channel&) = delete;
    ares_channel& operator=(const ares_channel&) = delete;

    /// The answer may be told before this returns: the hosts file is read on the spot.
    void ask(std::string name);

    /// Every question is answered now, with what is known or as cancelled.
    void cancel();

private:
    struct question;

    static void on_state(void* self, int fd, int wants_read, int wants_write) noexcept;
    static void on_answer(void* asked, int status, int timeouts, ares_addrinfo*) noexcept;

    void open(const settings&);
    void process(int fd, unsigned what);
    void settle();
    void work();
    void rest();

    std::shared_ptr<poll_set> sockets_;
    boost::asio::steady_timer timer_;
    answer_function tell_;
    ares_channeldata* channel_ = nullptr;
    question* being_asked_ = nullptr; // while ares_getaddrinfo runs
    std::size_t unanswered_ = 0;
    std::deque<std::unique_ptr<question>> answered_; // and not told yet
    bool working_ = false, timer_runs_ = false, telling_ = false;
};

} // namespace oneloop
