#include "mysql/stepper.hpp"

#include "core/let_go.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace oneloop::mysql {

namespace asio = boost::asio;
using wait_type = asio::posix::stream_descriptor::wait_type;

namespace {

constexpr int most_steps = 1'000'000;
constexpr int events = MYSQL_WAIT_READ | MYSQL_WAIT_WRITE;

[[noreturn]] void no_descriptor(int error) {
    throw std::system_error(error, std::generic_category(), "a descriptor for a MySQL connection");
}

} // namespace

stepper::stepper(const executor& loop, handle h) : handle_(std::move(h)), socket_(loop) {
    const int copy = ::fcntl(mysql_get_socket(handle_.get()), F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        no_descriptor(errno);
    boost::system::error_code refused;
    socket_.assign(copy, refused);
    if (refused) {
        ::close(copy);
        no_descriptor(refused.value());
    }
}

void stepper::drive(int status, cont_function cont, done_function done) {
    if (status == 0)
        return done();
    cont_ = std::move(cont);
    done_ = std::move(done);
    wait(status);
}

// The limits of time are ours: what the library may ask for with MYSQL_WAIT_TIMEOUT is not set.
void stepper::wait(int status) {
    status_ = status;
    ++turn_;
    if (status & MYSQL_WAIT_WRITE)
        wait_for(status, MYSQL_WAIT_WRITE, wait_type::wait_write);
    if ((status & MYSQL_WAIT_READ) || !(status & events))
        wait_for(status, MYSQL_WAIT_READ, wait_type::wait_read);
}

void stepper::wait_for(int status, int flag, wait_type what) {
    socket_.async_wait(
        what,
        [this, flag, both = (status & events) == events, turn = turn_,
         still_here = std::weak_ptr(waiting_)](boost::system::error_code stopped) {
            if (stopped == asio::error::operation_aborted || still_here.expired() || turn != turn_)
                return;
            if (both) {
                ++turn_; // the other one does not count any more
                socket_.cancel();
            }
            ready(flag);
        }
    );
}

void stepper::ready(int what) {
    answer_seen_ = answer_seen_ || (what == MYSQL_WAIT_READ && has_bytes());
    if (const int status = cont_(what))
        return wait(status);
    status_ = 0;
    cont_ = nullptr;
    const auto done = std::exchange(done_, nullptr);
    done();
}

void stepper::close(done_function done) {
    MYSQL* const closing = handle_.release(); // the last step frees it
    // A copy: whoever gives up in the middle drives it to its end
    cont_function cont = [closing](int what) { return mysql_close_cont(closing, what); };
    drive(mysql_close_start(closing), std::move(cont), std::move(done));
}

bool stepper::quiet() const noexcept {
    if (!pvio() || status_ != 0)
        return false;
    if (pvio()->cache && pvio()->cache + pvio()->cache_size > pvio()->cache_pos)
        return false; // read ahead
    // Also under TLS: the tickets of TLS 1.3 come before the answer to the login
    char byte = 0;
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): it never waits
    return ::recv(socket(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::size_t stepper::consumed() const noexcept {
    const auto* const p = pvio();
    if (!p)
        return 0;
    const auto* const end_of_cache = p->cache + p->cache_size;
    const bool ahead = p->cache && end_of_cache > p->cache_pos;
    return p->bytes_read - (ahead ? static_cast<std::size_t>(end_of_cache - p->cache_pos) : 0);
}

bool stepper::has_bytes() const noexcept {
    char byte = 0;
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): it never waits
    return ::recv(socket(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void stepper::begin_statement() noexcept {
    sent_before_ = pvio()->bytes_sent;
    received_before_ = pvio()->bytes_read;
    answer_seen_ = prepares_ = false;
}

void stepper::begin_preparation() noexcept {
    begin_statement();
    prepares_ = true;
}

stepper::progress stepper::so_far() const noexcept {
    if (answer_seen_ || (pvio() && pvio()->bytes_read > received_before_))
        return progress::answer_begun;
    return pvio() && pvio()->bytes_sent == sent_before_ ? progress::nothing_sent : progress::sent;
}

// A handle that is closed while an operation is suspended leaks, so that has to come to its end: on a socket
// that was shut down nothing waits, each step meets the end of what had already arrived.
void stepper::give_up(const std::function<void()>& before_close) noexcept {
    if (!socket_.is_open())
        return;
    ::shutdown(socket_.native_handle(), SHUT_RDWR);
    for (int steps = 0; status_ != 0 && steps < most_steps; ++steps)
        status_ = cont_(status_ & events);
    if (std::exchange(status_, 0) != 0)
        static_cast<void>(handle_.release()); // never seen; a leak is better than a loop that stands still
    cont_ = nullptr;
    const auto never_called = std::exchange(done_, nullptr);
    if (before_close)
        before_close();
    handle_.reset();
    let_go(socket_);
}

} // namespace oneloop::mysql
