#include "core/sigpipe.hpp"

#include <csignal>

namespace oneloop {

bool has_default_action(int signal_number) noexcept {
    struct sigaction now {};
    return ::sigaction(signal_number, nullptr, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
           now.sa_handler == SIG_DFL;
}

void ignore_sigpipe() noexcept {
    if (has_default_action(SIGPIPE))
        std::signal(SIGPIPE, SIG_IGN);
}

} // namespace oneloop
