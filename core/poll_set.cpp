#include "core/poll_set.hpp"

#include <boost/system/system_error.hpp>

#include <sys/epoll.h>

#include <array>
#include <cerrno>

namespace oneloop {
namespace {

int make_epoll() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
    return fd;
}

epoll_event event_for(int fd, unsigned what) {
    epoll_event event{};
    event.events = (what & readable ? EPOLLIN : 0U) | (what & writable ? EPOLLOUT : 0U);
    event.data.fd = fd;
    return event;
}

unsigned readiness_of(unsigned events) {
    // An error or a hang-up wakes whoever waits, in whichever direction: the library reads it from the
    // socket.
    if (events & (EPOLLERR | EPOLLHUP))
        return readable | writable;
    return (events & EPOLLIN ? readable : 0U) | (events & EPOLLOUT ? writable : 0U);
}

// For one turn of the loop: of more the processor's cache would have forgotten the first when the last was
// read.
constexpr int enough = 64;

} // namespace

poll_set::poll_set(const executor& loop) : epoll_(loop, make_epoll()), pause_(loop) {}

void poll_set::run(ready_function ready, std::function<void()> turn_over) {
    told_ = std::make_shared<callbacks>(callbacks{std::move(ready), std::move(turn_over)});
    arm();
}

void poll_set::rest() {
    told_ = nullptr;
    error_code ignored;
    epoll_.cancel(ignored);
    look_again_after({});
}

void poll_set::look_again_after(std::chrono::steady_clock::duration d) {
    next_pause_ = d;
    if (d == d.zero() && pauses_)
        pause_.cancel();
}

void poll_set::want(int fd, unsigned what) {
    tell_epoll(table_.want(fd, what), fd, what);
}

void poll_set::tell_epoll(interest_table::step step, int fd, unsigned what) {
    using step_type = interest_table::step;
    if (step == step_type::nothing)
        return;
    epoll_event event = event_for(fd, what);
    const int epoll = epoll_.native_handle();
    if (step == step_type::remove) {
        ::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event); // gone already is as good
        return;
    }
    const int first = step == step_type::add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(epoll, first, fd, &event) == 0)
        return;
    // The number was closed behind our back and belongs to another socket now: do what would have been right.
    if (errno == ENOENT)
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    else if (errno == EEXIST)
        ::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
    else
        table_.forget(fd); // EBADF: closed; the library finds out at its next call
}

void poll_set::arm() {
    if (armed_ || !told_)
        return;
    armed_ = true;
    const auto turn = [self = shared_from_this()](error_code stopped) { self->turn(stopped); };
    const auto pause = std::exchange(next_pause_, {});
    if (pause == pause.zero())
        return epoll_.async_wait(epoll_.wait_read, turn);
    pauses_ = true;
    pause_.expires_after(pause);
    pause_.async_wait(turn);
}

void poll_set::turn(error_code stopped) {
    armed_ = pauses_ = false;
    if (stopped)
        return arm();
    try {
        deliver();
    } catch (...) { // a program may throw through its loop, and run it again
        arm();
        throw;
    }
    arm();
}

void poll_set::deliver() {
    const auto told = told_;
    if (!told)
        return;
    // Again while there is more: what comes of all of it is done together
    for (int all = 0, some = 2; told_ == told && some > 1 && all < enough; all += some)
        some = deliver_some(*told);
    if (told_ == told)
        told->turn_over();
}

int poll_set::deliver_some(const callbacks& told) {
    std::array<epoll_event, enough> events;
    const int count = ::epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count && told_.get() == &told; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (table_.wanted(fd) == not_ready) {
            tell_epoll(table_.unwanted(fd), fd, not_ready);
            if (unwanted_)
                unwanted_(fd);
        } else {
            told.ready(fd, readiness_of(events[static_cast<std::size_t>(i)].events));
        }
    }
    return count;
}

} // namespace oneloop
