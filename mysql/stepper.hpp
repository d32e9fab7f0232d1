#pragma once

#include "mysql/trust.hpp"
#include <oneloop/awaitable.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>

namespace oneloop::mysql {

/// One connected handle on the loop. Every operation of libmariadb that may have to wait goes through here:
/// its _start function says what it waits for, and so does its _cont function each time, until that is
/// nothing.
///
/// One at a time: the library does not look whether one is suspended, and a second would run over its stack.
class stepper {
public:
    using cont_function = std::function<int(int)>;
    using done_function = std::function<void()>;

    stepper(const executor& loop, handle);
    ~stepper() { give_up(); }
    stepper(const stepper&) = delete;
    stepper& operator=(const stepper&) = delete;

    MYSQL* get() const noexcept { return handle_.get(); }

    /// `status` is what _start has given; `done` is called when it or `cont` gives 0, at once for 0. It may
    /// destroy this.
    void drive(int status, cont_function cont, done_function done);

    /// Says goodbye to the server, and closes.
    void close(done_function done);

    /// Nothing was received that nobody has asked for, and the connection has not ended.
    bool quiet() const noexcept;

    /// How much has gone over the connection, as far as known: to tell whether a statement was sent and its
    /// answer has begun. When the library has given the connection up, this is of the last time that it
    /// waited.
    std::size_t sent() const noexcept { return alive() ? pvio()->bytes_sent : sent_; }
    std::size_t received() const noexcept { return alive() ? pvio()->bytes_read : received_; }
    bool alive() const noexcept { return pvio() != nullptr; }

    /// Ends the connection at once. `before_close` frees what belongs to the handle.
    void give_up(const std::function<void()>& before_close = nullptr) noexcept;

private:
    const MARIADB_PVIO* pvio() const noexcept { return handle_ ? handle_->net.pvio : nullptr; }
    void wait(int status);
    void wait_for(int status, int flag, boost::asio::posix::stream_descriptor::wait_type);
    void ready(int what);

    handle handle_;
    // A copy of the number: the library closes its own when the connection fails, whenever it likes, and the
    // kernel gives that number to the next who asks
    boost::asio::posix::stream_descriptor socket_;
    int status_ = 0; // what the suspended operation waits for
    unsigned turn_ = 0;
    std::size_t sent_ = 0, received_ = 0;
    cont_function cont_;
    done_function done_;
    std::shared_ptr<char> waiting_ = std::make_shared<char>(); // for handlers: this is still there
};

} // namespace oneloop::mysql
