#pragma once

#include "core/dns_answer.hpp"
#include "core/dns_message.hpp"
#include "core/poll_set.hpp"
#include <oneloop/awaitable.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct ares_channeldata;

namespace oneloop {

/// One channel of c-ares on one executor: its sockets, its timer and its questions, each about one name and
/// one family. It has work on the loop only while a question is unanswered.
///
/// c-ares brings questions to servers: ids, repetitions, the next server, TCP. It knows neither hosts file
/// nor search domains here, and reads no file.
///
/// c-ares calls back in the middle of its own functions, and does not take being destroyed there. So an
/// answer is put aside, and told when c-ares has returned.
class ares_channel : public std::enable_shared_from_this<ares_channel> {
public:
    using told = std::function<void(dns_answer)>;

    struct settings {
        std::vector<std::string> servers;     ///< "host", "host:port"
        std::chrono::milliseconds patience{}; ///< with one server before the next is asked
        bool rotate = false;                  ///< begin with another server each time
        bool forgiving = false;               ///< passes over servers that it does not understand
    };

    /// Throws system_error where c-ares or the process cannot have one more, or a server is not understood.
    ares_channel(const executor& loop, const settings&);
    ~ares_channel();
    ares_channel(const ares_channel&) = delete;
    ares_channel& operator=(const ares_channel&) = delete;

    /// The answer is never told before this returns; not at all if the channel is destroyed before it.
    void ask(const std::string& name, dns_type, told);

    /// Every question is answered now, as cancelled, to nobody.
    void cancel();

    std::size_t unanswered() const noexcept { return unanswered_; }

private:
    struct question;

    static void on_state(void* self, int fd, int wants_read, int wants_write) noexcept;
    static void on_answer(void* asked, int status, int timeouts, unsigned char* message, int size) noexcept;

    void open(const settings&);
    void set_servers(const settings&);
    void process(int fd, unsigned what);
    void settle();
    void settle_soon();
    void work();
    void rest();

    executor loop_;
    std::shared_ptr<poll_set> sockets_;
    boost::asio::steady_timer timer_; // c-ares reads the real clock
    ares_channeldata* channel_ = nullptr;
    std::size_t unanswered_ = 0;
    std::deque<std::unique_ptr<question>> answered_; // and not told yet
    bool working_ = false, timer_runs_ = false, settling_soon_ = false;
};

} // namespace oneloop
