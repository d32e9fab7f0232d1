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

    /// Until something arrives, or the connection ends.
    void wait_for_answer(done_function done) {
        drive(
            MYSQL_WAIT_READ, [](int) { return 0; }, std::move(done)
        );
    }

    /// Says goodbye to the server, and closes.
    void close(done_function done);

    /// Nothing was received that nobody has asked for, and the connection has not ended.
    bool quiet() const noexcept;

    /// How many bytes the library has taken from the server for its packets; what it has read ahead is not
    /// among them.
    std::size_t consumed() const noexcept;

    /// What became of a statement since begin_statement(). The library's own count is gone when it has given
    /// the connection up; then what is not known counts as sent. What is prepared is not carried out yet.
    enum class progress { nothing_sent, sent, answer_begun };
    void begin_statement() noexcept;
    void begin_preparation() noexcept;
    bool prepares() const noexcept { return prepares_; }
    progress so_far() const noexcept;

    /// Ends the connection at once. `before_close` frees what belongs to the handle.
    void give_up(const std::function<void()>& before_close = nullptr) noexcept;

private:
    // Null when the library has given the connection up
    const MARIADB_PVIO* pvio() const noexcept { return handle_ ? handle_->net.pvio : nullptr; }
    int socket() const noexcept {
        return const_cast<boost::asio::posix::stream_descriptor&>(socket_).native_handle();
    }
    void wait(int status);
    void wait_for(int status, int flag, boost::asio::posix::stream_descriptor::wait_type);
    void ready(int what);
    bool has_bytes() const noexcept;

    handle handle_;
    // A copy of the number: the library closes its own when the connection fails, whenever it likes, and the
    // kernel gives that number to the next who asks
    boost::asio::posix::stream_descriptor socket_;
    int status_ = 0; // what the suspended operation waits for
    unsigned turn_ = 0;
    std::size_t sent_before_ = 0, received_before_ = 0;
    bool answer_seen_ = false, prepares_ = false;
    cont_function cont_;
    done_function done_;
    std::shared_ptr<char> waiting_ = std::make_shared<char>(); // for handlers: this is still there
};

} // namespace oneloop::mysql
