#pragma once

#include "core/virtual_time.hpp"
#include "mysql/trust.hpp"
#include <oneloop/deadline.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/error.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace oneloop::mysql {

/// What came of a login: a handle, or libmariadb's number and text, and where it failed.
struct login {
    handle connected;
    unsigned number = 0;
    std::string text;
    phase where = phase::connect;
};

/// One mysql_real_connect on a thread. It is told on the loop, or given up there; the thread then ends soon,
/// and closes what it may have connected meanwhile.
class attempt final : public oneloop::detail::pending {
public:
    using told = std::function<void(login)>;

    /// `host`: an address, or the name that a certificate is checked against.
    attempt(const executor& loop, const options&, std::string host, deadline until, told done);
    ~attempt() override;

    /// Takes a thread, or waits for one.
    static void start(const std::shared_ptr<attempt>&);

    void give_up() noexcept;
    /// The same for who knows that it has its thread.
    void stop() noexcept;
    void abandon() noexcept override { give_up(); }

    /// Where it is this moment.
    phase where() const noexcept { return where_; }

    /// For the thread.
    void run() noexcept;

private:
    static int wait_for_socket(my_socket, my_bool is_read, int) noexcept;
    int wait(int socket, bool is_read) noexcept;
    void note_socket(int socket, bool is_read) noexcept;
    bool wanted();
    login log_in();
    void tell(login);

    const options options_; // without the resolver, which belongs to the loop
    const std::string host_;
    const deadline until_;
    std::atomic<phase> where_ = phase::connect;
    MYSQL* handle_ = nullptr; // for the thread

    std::mutex mutex_;             // what both sides touch
    std::optional<executor> loop_; // while somebody waits: a strand may not outlive its context
    virtual_time::hold at_work_ = virtual_time::stop(); // as long
    told done_;
    login result_;
    int socket_ = -1; // a copy of the number, so that it is never somebody else's
};

} // namespace oneloop::mysql
