#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace oneloop::testing {
namespace {

using clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what, int error = errno) {
    throw std::system_error(error, std::generic_category(), what);
}

struct pipe_ends {
    int read, write;
};
pipe_ends make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe");
    return {ends[0], ends[1]};
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> all;
    for (auto& s : strings)
        all.push_back(s.data());
    all.push_back(nullptr);
    return all;
}

std::vector<std::string> environment(const std::map<std::string, std::string>& additions) {
    std::vector<std::string> all;
    for (char** variable = environ; *variable; ++variable)
        if (!additions.contains(std::string(*variable, std::strcspn(*variable, "="))))
            all.emplace_back(*variable);
    for (const auto& [name, value] : additions)
        all.push_back(name + "=" + value);
    return all;
}

bool readable_within(int fd, clock::duration patience) {
    const auto end = clock::now() + patience;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now()).count();
        pollfd p{fd, POLLIN, 0};
        const int ready = ::poll(&p, 1, left > 0 ? static_cast<int>(left) : 0);
        if (ready > 0)
            return true;
        if (ready == 0 && left <= 0)
            return false;
    }
}

// What the child does between fork and exec: system calls only, the process may have other threads.
struct preparation {
    const process_options& options;
    pid_t parent;
    int input, output, report;

    void run(char** command, char** variables) const {
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, options.death_signal_);
        if (::getppid() != parent)
            ::_exit(127);
        ::dup2(input, STDIN_FILENO);
        ::dup2(output, STDOUT_FILENO);
        if (options.with_errors_)
            ::dup2(output, STDERR_FILENO);
        for (int fd : options.inherited_)
            ::fcntl(fd, F_SETFD, 0);
        for (int number : {SIGINT, SIGTERM, SIGPIPE})
            std::signal(number, SIG_DFL);
        for (int number : options.ignored_)
            std::signal(number, SIG_IGN);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execve(command[0], command, variables);
        const int why = errno;
        [[maybe_unused]] auto told = ::write(report, &why, sizeof why);
        ::_exit(127);
    }
};

} // namespace

std::string to_string(const exit_status& s) {
    return s.how == exit_status::kind::code ? "exit code " + std::to_string(s.value)
                                            : "killed by " + std::string(::strsignal(s.value));
}

process::process(std::vector<std::string> command, const process_options& options) {
    auto variables = environment(options.environment_);
    const auto arguments = pointers(command), environment = pointers(variables);
    const auto in = make_pipe(), out = make_pipe(), report = make_pipe();
    const preparation child{options, ::getpid(), in.read, out.write, report.write};
    pid_ = ::fork();
    if (pid_ == 0)
        child.run(const_cast<char**>(arguments.data()), const_cast<char**>(environment.data()));
    const int fork_failed = pid_ < 0 ? errno : 0;
    for (int fd : {in.read, out.write, report.write})
        ::close(fd);
    input_ = in.write;
    output_ = out.read;

    // Ends without a word when exec succeeded: the pipe is closed by it.
    int why = fork_failed;
    while (!fork_failed && ::read(report.read, &why, sizeof why) < 0 && errno == EINTR) {
    }
    ::close(report.read);
    if (!why)
        pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)); // glibc 2.36 declares it for C only
    if (why) {
        ::close(input_);
        ::close(output_);
        if (pid_ > 0)
            ::waitpid(pid_, nullptr, 0);
        fail("cannot start " + command[0], why);
    }
}

process::~process() {
    try {
        stop();
    } catch (...) { // a process that SIGKILL does not end: nothing more can be done
    }
    for (int fd : {pidfd_, input_, output_})
        ::close(fd);
}

// Every thread of a process takes its own time to stop; until then it may still answer.
static bool all_stopped(pid_t pid) {
    namespace fs = std::filesystem;
    for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        std::ifstream file(thread.path() / "stat");
        std::string stat((std::istreambuf_iterator<char>(file)), {});
        const auto name_ends = stat.rfind(") ");
        if (name_ends != std::string::npos && stat[name_ends + 2] != 'T')
            return false;
    }
    return true;
}

void process::signal(int number) {
    if (ended_)
        return;
    if (::kill(pid_, number) != 0)
        fail("kill");
    while (number == SIGSTOP && !all_stopped(pid_))
        std::this_thread::yield();
}

void process::signal_group(int number) {
    ::kill(-pid_, number);
}

void process::write(const std::string& text) {
    if (::write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        fail("write to a child process");
}

std::string process::read_line(duration patience) {
    const auto end = clock::now() + patience;
    for (;;) {
        if (const auto i = read_.find('\n'); i != std::string::npos) {
            std::string line = read_.substr(0, i);
            read_.erase(0, i + 1);
            return line;
        }
        if (!readable_within(output_, end - clock::now()))
            throw std::runtime_error("the child process wrote no line; so far: " + read_);
        char more[512];
        const ssize_t n = ::read(output_, more, sizeof more);
        if (n <= 0)
            return std::exchange(read_, {});
        read_.append(more, static_cast<std::size_t>(n));
    }
}

bool process::ends_within(duration patience) {
    if (ended_)
        return true;
    if (!readable_within(pidfd_, patience))
        return false;
    siginfo_t how{};
    if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_), &how, WEXITED) != 0)
        fail("waitid");
    ended_ = true;
    status_ = how.si_code == CLD_EXITED ? exited(how.si_status) : killed_by(how.si_status);
    return true;
}

exit_status process::wait(duration patience) {
    if (!ends_within(patience))
        throw std::runtime_error("the child process did not end");
    return status_;
}

exit_status process::stop(duration patience) {
    if (!ended_) {
        ::kill(pid_, SIGTERM);
        signal_group(SIGCONT); // one that was stopped would never see it
        if (!ends_within(patience))
            signal_group(SIGKILL);
        ends_within(std::chrono::seconds(20));
    }
    signal_group(SIGKILL);
    return status_;
}

} // namespace oneloop::testing
