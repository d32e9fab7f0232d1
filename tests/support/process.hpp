#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <vector>

namespace oneloop::testing {

class process_options {
public:
    process_options() = default;
    process_options& environment(const std::string& name, std::string value) {
        return environment_[name] = std::move(value), *this;
    }
    /// Open in the child under the same number.
    process_options& inherit(int fd) { return inherited_.push_back(fd), *this; }
    /// Sent to the child when the thread that started it dies, so that a crashed test leaves nothing running.
    /// A program with children of its own has to be asked to end them.
    process_options& when_we_die(int signal) { return death_signal_ = signal, *this; }
    process_options& ignoring(int signal) { return ignored_.push_back(signal), *this; }

    /// What it writes to standard error is read as its output.
    process_options& with_errors() { return with_errors_ = true, *this; }

    std::map<std::string, std::string> environment_;
    std::vector<int> inherited_, ignored_;
    int death_signal_ = SIGKILL;
    bool with_errors_ = false;
};

struct exit_status {
    enum class kind { code, signal } how;
    int value;
    friend bool operator==(const exit_status&, const exit_status&) = default;
};
constexpr exit_status exited(int code) {
    return {exit_status::kind::code, code};
}
constexpr exit_status killed_by(int signal) {
    return {exit_status::kind::signal, signal};
}
std::string to_string(const exit_status&);

/// A child process in a process group of its own, with pipes at its standard input and output. Never outlives
/// this.
class process {
public:
    using duration = std::chrono::steady_clock::duration;

    /// Throws system_error if the program cannot be executed.
    explicit process(std::vector<std::string> command, const process_options& options = {});
    ~process();
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    pid_t pid() const noexcept { return pid_; }
    /// SIGSTOP: returns when every thread of it has stopped.
    void signal(int number);
    /// Also to its own children, such as nginx's workers. SIGSTOP makes a server hang.
    void signal_group(int number);

    void write(const std::string& text);
    /// One line of its output without the end of line; all that is left if it ends before. Throws after
    /// `patience`.
    std::string read_line(duration patience = std::chrono::seconds(20));

    bool ends_within(duration patience);
    /// Throws if it has not ended within `patience`.
    exit_status wait(duration patience = std::chrono::seconds(20));
    /// SIGTERM, and SIGKILL if that does not end it within `patience`. Children that it left are killed as
    /// well.
    exit_status stop(duration patience = std::chrono::seconds(5));

private:
    pid_t pid_ = -1;
    int pidfd_ = -1, input_ = -1, output_ = -1;
    bool ended_ = false;
    exit_status status_{exit_status::kind::code, 0};
    std::string read_;
};

} // namespace oneloop::testing
