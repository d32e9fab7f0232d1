#include "lines.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace {

constexpr std::size_t longest_line = std::size_t{1} << 20;

[[noreturn]] void fail() {
    throw std::system_error(errno, std::generic_category(), "standard input");
}

} // namespace

// A thread that waits in read() cannot be asked to stop, and the end of the program would wait for it. It
// waits for this as well.
class url_lines::wake_up {
public:
    wake_up() : fd_(::eventfd(0, EFD_CLOEXEC)) {
        if (fd_ < 0)
            fail();
    }
    ~wake_up() { ::close(fd_); }
    wake_up(const wake_up&) = delete;
    wake_up& operator=(const wake_up&) = delete;

    void stop() { ::eventfd_write(fd_, 1); }

    // Blocks. Empty at the end.
    std::string read() {
        pollfd both[] = {{STDIN_FILENO, POLLIN, 0}, {fd_, POLLIN, 0}};
        std::string text(std::size_t{64} << 10, '\0');
        for (;;) {
            if (::poll(both, 2, -1) < 0) {
                if (errno != EINTR)
                    fail();
                continue;
            }
            if (both[1].revents != 0)
                return {};
            const ssize_t got = ::read(STDIN_FILENO, text.data(), text.size());
            if (got >= 0)
                return text.resize(static_cast<std::size_t>(got)), text;
            if (errno != EINTR && errno != EAGAIN)
                fail();
        }
    }

private:
    int fd_;
};

url_lines::url_lines(std::vector<std::string> given, bool standard_input)
    : given_(std::move(given)), more_(standard_input) {
    if (more_)
        wake_up_ = std::make_shared<wake_up>();
}

url_lines::~url_lines() {
    if (wake_up_)
        wake_up_->stop();
}

// A whole line of what was read; the last one may lack its end.
std::optional<std::string> url_lines::line() {
    const auto end = read_.find('\n', at_);
    if (end == read_.npos && (more_ || at_ == read_.size()))
        return std::nullopt;
    std::string found = read_.substr(at_, end - at_);
    at_ = end == read_.npos ? read_.size() : end + 1;
    return found;
}

oneloop::awaitable<std::optional<std::string>> url_lines::next() {
    if (taken_ < given_.size())
        co_return std::move(given_[taken_++]);
    for (;;) {
        while (auto found = line()) {
            const auto first = found->find_first_not_of(" \t\r");
            if (first == found->npos || (*found)[first] == '#')
                continue;
            co_return found->substr(first, found->find_last_not_of(" \t\r") + 1 - first);
        }
        if (!more_)
            co_return std::nullopt;
        read_.erase(0, at_);
        at_ = 0;
        if (read_.size() > longest_line)
            throw std::runtime_error("standard input: a line is longer than a mebibyte");
        const std::string piece = co_await oneloop::run_blocking(&wake_up::read, wake_up_);
        more_ = !piece.empty();
        read_ += piece;
    }
}
