#include "mysql/connect_threads.hpp"

#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace oneloop::mysql {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_threads = 8;

// The threads of the process. They are detached, end when nothing is left to do, and nobody waits for them
// but the program's end, for a moment: OpenSSL tidies up then, and must not do so under a handshake.
class connect_threads {
public:
    static connect_threads& instance() {
        static connect_threads* const all = [] {
            init_library(); // OpenSSL's own end is registered in here, so it comes after ours
            auto* fresh = new connect_threads; // never destroyed: a thread may be at work until the very end
            std::atexit([] { instance().end(); });
            return fresh;
        }();
        return *all;
    }

    void enter(const std::shared_ptr<attempt>& a) {
        std::lock_guard lock(mutex_);
        waiting_.push_back(a);
        if (threads_ == most_threads)
            return;
        try {
            start_thread();
        } catch (const std::system_error&) {
            if (threads_ > 0)
                return; // the others will come to it
            waiting_.pop_back();
            throw;
        }
    }

    /// One that is waiting for a thread needs none any more.
    void leave(const attempt* a) noexcept {
        std::shared_ptr<attempt> dies_unlocked;
        std::lock_guard lock(mutex_);
        const auto found =
            std::find_if(waiting_.begin(), waiting_.end(), [a](const auto& w) { return w.get() == a; });
        if (found == waiting_.end())
            return;
        dies_unlocked = std::move(*found);
        waiting_.erase(found);
    }

private:
    void start_thread() {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before); // handlers of the program run on threads of the program
        try {
            std::thread([this] { work(); }).detach();
            ++threads_;
        } catch (...) {
            pthread_sigmask(SIG_SETMASK, &before, nullptr);
            throw;
        }
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void work() {
        std::unique_lock lock(mutex_);
        while (!waiting_.empty() && !ending_) {
            auto next = std::move(waiting_.front());
            waiting_.pop_front();
            running_.push_back(next);
            lock.unlock();
            next->run();
            lock.lock();
            std::erase(running_, next);
            lock.unlock();
            next.reset(); // may close a connection
            lock.lock();
        }
        --threads_;
        none_left_.notify_all();
    }

    void end() {
        std::unique_lock lock(mutex_);
        ending_ = true;
        for (const auto& a : running_)
            a->stop();
        none_left_.wait_for(lock, std::chrono::milliseconds(100), [this] { return threads_ == 0; });
    }

    std::mutex mutex_;
    std::condition_variable none_left_;
    std::deque<std::shared_ptr<attempt>> waiting_;
    std::vector<std::shared_ptr<attempt>> running_;
    std::size_t threads_ = 0;
    bool ending_ = false;
};

// The library calls us back without a word about whose wait it is.
thread_local attempt* current = nullptr;

options without_resolver(options o) {
    o.resolve_with(nullptr);
    return o;
}

} // namespace

attempt::attempt(const executor& loop, const options& o, std::string host, deadline until, told done)
    : pending(oneloop::detail::pending_registry::of(loop)),
      options_(without_resolver(o)),
      host_(std::move(host)),
      until_(until),
      loop_(loop),
      done_(std::move(done)) {}

attempt::~attempt() {
    if (socket_ >= 0)
        ::close(socket_);
}

void attempt::start(const std::shared_ptr<attempt>& self) {
    connect_threads::instance().enter(self);
}

// Under TLS the thread may be in a read of OpenSSL's: the end of the socket brings it back from wherever it
// is.
void attempt::stop() noexcept {
    told dies_unlocked;
    std::optional<executor> lets_go_unlocked;
    std::lock_guard lock(mutex_);
    dies_unlocked.swap(done_);
    lets_go_unlocked.swap(loop_);
    at_work_.reset();
    if (socket_ >= 0)
        ::shutdown(socket_, SHUT_RDWR);
}

void attempt::give_up() noexcept {
    stop();
    connect_threads::instance().leave(this);
}

bool attempt::wanted() {
    std::lock_guard lock(mutex_);
    return static_cast<bool>(done_);
}

void attempt::run() noexcept {
    if (!wanted())
        return;
    login l;
    if (until_.passed(deadline::clock::now())) {
        l.number = CR_SERVER_LOST;
        return tell(std::move(l));
    }
    current = this;
    try {
        l = log_in();
    } catch (const std::exception&) {
        l.number = CR_OUT_OF_MEMORY;
        l.text = "libmariadb could not be set up, or there is no memory";
    }
    current = nullptr;
    handle_ = nullptr;
    tell(std::move(l));
}

login attempt::log_in() {
    login l;
    l.connected = prepare(options_, until_.remaining(deadline::clock::now()));
    if (!l.connected)
        throw std::bad_alloc();
    handle_ = l.connected.get();
    mysql_options(
        handle_, static_cast<mysql_option>(MARIADB_OPT_IO_WAIT),
        reinterpret_cast<const void*>(&wait_for_socket)
    );
    const bool local = !options_.unix_socket().empty();
    const char* const database = options_.database().empty() ? nullptr : options_.database().c_str();
    // A password, a port or a socket that is null or 0 would be taken from the environment
    if (mysql_real_connect(
            handle_, local ? nullptr : host_.c_str(), options_.user().c_str(), options_.password().c_str(),
            database, options_.port(), local ? options_.unix_socket().c_str() : nullptr, 0
        )) {
        if (options_.tls_wanted() && !mysql_get_ssl_cipher(handle_)) {
            // Without a certificate to verify the library takes "enforce" for "prefer"
            l.number = CR_SSL_CONNECTION_ERROR;
            l.text = "the server does not speak TLS";
            l.connected.reset();
            return l;
        }
        // Under TLS the library reads and writes through OpenSSL, which waits on a socket that may block. It
        // believes that this one does, and never looks.
        const int socket = mysql_get_socket(handle_);
        ::fcntl(socket, F_SETFD, FD_CLOEXEC);
        ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    } else {
        l.number = mysql_errno(handle_);
        l.text = mysql_error(handle_);
        l.where = where_;
        l.connected.reset();
    }
    return l;
}

// Under the lock the context cannot die between the question and the post.
void attempt::tell(login l) {
    std::lock_guard lock(mutex_);
    if (!done_)
        return; // and the handle is closed here
    result_ = std::move(l);
    asio::post(*loop_, [self = shared_from_this(), this] {
        std::unique_lock locked(mutex_);
        auto done = std::move(done_);
        auto result = std::move(result_);
        done_ = nullptr;
        const auto lets_go_unlocked = std::exchange(loop_, std::nullopt);
        at_work_.reset();
        locked.unlock();
        if (done)
            done(std::move(result));
    });
}

// In place of the library's own poll(). It is asked on whichever thread the library is called: on the loop,
// where nothing waits in this way, the answer is that it took too long.
int attempt::wait_for_socket(my_socket socket, my_bool is_read, int) noexcept {
    return current ? current->wait(socket, is_read) : 0;
}

int attempt::wait(int socket, bool is_read) noexcept {
    note_socket(socket, is_read);
    pollfd p{socket, static_cast<short>(is_read ? POLLIN : POLLOUT), 0};
    int ready = 0;
    do {
        const auto left = until_.remaining(deadline::clock::now());
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(
            std::min<deadline::clock::duration>(left, std::chrono::hours(1))
        );
        ready = ::poll(&p, 1, static_cast<int>(ms.count()));
    } while (ready < 0 && errno == EINTR);
    std::lock_guard lock(mutex_);
    if (done_ && ready > 0)
        return 1;
    errno = ETIMEDOUT;
    return 0;
}

void attempt::note_socket(int socket, bool is_read) noexcept {
    const bool tls = handle_->net.pvio && handle_->net.pvio->ctls;
    where_ = !is_read ? phase::connect : options_.tls_wanted() && !tls ? phase::tls : phase::auth;
    std::lock_guard lock(mutex_);
    if (is_read && socket_ >= 0)
        return;
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    if (socket_ >= 0)
        ::close(socket_); // that of an address tried before
    socket_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (!done_) // given up before there was a socket: a Unix one waits for its first bytes only
        ::shutdown(socket_, SHUT_RDWR);
}

} // namespace oneloop::mysql
