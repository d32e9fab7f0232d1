#pragma once

#include "core/loop_timer.hpp"
#include <oneloop/deadline.hpp>
#include <oneloop/error.hpp>
#include <oneloop/resolver.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace oneloop {

/// Where a server listens: a path if there is one, a host and a port otherwise.
class server_address {
public:
    server_address() = default;

    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string path;

    /// "127.0.0.1:6379", "[::1]:6379", "/run/redis.sock": for a message.
    std::string shown() const;
};

/// One way to a server: looks the name up and tries its addresses one after the other, each for its share of
/// the time that is left. Everything on the loop.
class dial : public std::enable_shared_from_this<dial> {
public:
    using socket = boost::asio::generic::stream_protocol::socket;
    /// Called once, never inside start(); not after hang_up(). The socket is connected, closed on exec, and
    /// if it is TCP, sends without delay and has keep-alive on.
    using answer = std::function<void(failure, socket)>;

    dial(executor loop, std::shared_ptr<resolver> names, server_address where);

    void start(deadline until, answer done);
    void hang_up() noexcept;

private:
    using endpoint = boost::asio::generic::stream_protocol::endpoint;

    void look_up();
    void attempt();
    void attempted(error_code);
    void finish(failure why);

    executor loop_;
    std::shared_ptr<resolver> names_;
    server_address where_;
    deadline until_;
    answer done_;
    std::vector<endpoint> addresses_;
    std::size_t next_ = 0;
    bool overdue_ = false; // this attempt has used its share of the time
    failure look_up_story_, last_;
    boost::asio::cancellation_signal look_up_;
    socket socket_;
    loop_timer timer_;
};

} // namespace oneloop
