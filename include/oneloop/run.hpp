#pragma once

/// From an ordinary program into coroutines and back.

#include <oneloop/detail/task_state.hpp>

#include <boost/asio/io_context.hpp>

#include <utility>

namespace oneloop {

namespace detail {
void run_to_end(
    boost::asio::io_context& loop, awaitable<void> body, std::function<void(std::exception_ptr)> on_end
);
int exit_status(const std::exception_ptr&) noexcept;
} // namespace detail

/// Runs `body` on a loop that the program already has, in the calling thread, until it has ended; gives its
/// value or throws its exception. Other work of the loop runs meanwhile and may be left when this returns.
///
/// The first SIGINT (Ctrl-C) or SIGTERM cancels `body`, which is then awaited; if it ends with nothing but
/// that cancellation, `error` with a code of `signal_category()` is thrown. A second one ends the program, as
/// the signal does by default. A signal that the program handles or ignores itself is left alone.
///
/// SIGPIPE is ignored from then on if it had its default action: writing to a connection that its peer has
/// closed shall be an error, not the end of the program.
template <class T>
T run(boost::asio::io_context& loop, awaitable<T> body) {
    auto state = std::make_shared<detail::task_state<T>>(loop.get_executor());
    detail::run_to_end(
        loop, detail::task_state<T>::fill(state, std::move(body)),
        [state](std::exception_ptr why) { state->end(std::move(why)); }
    );
    return state->take();
}

/// The same on a loop of its own: `int main() { oneloop::run(program()); }`. Work that was started with
/// `spawn` and has not ended when `body` has is not awaited; it is destroyed with the loop. (A task group
/// awaits its tasks.)
template <class T>
T run(awaitable<T> body) {
    boost::asio::io_context loop(1);
    return run(loop, std::move(body));
}

/// `run` for the last line of `main`: gives the exit status. That is the value of `body` if it gives an int,
/// or 0; after an exception, whose `what()` it writes to standard error in one line, 1; after Ctrl-C or
/// SIGTERM, 128 and the number of the signal, as shells count.
inline int run_main(awaitable<int> body) {
    try {
        return run(std::move(body));
    } catch (...) {
        return detail::exit_status(std::current_exception());
    }
}
inline int run_main(awaitable<void> body) {
    try {
        run(std::move(body));
        return 0;
    } catch (...) {
        return detail::exit_status(std::current_exception());
    }
}

/// Starts `body` on a loop that somebody else runs, from the next turn on. What it throws leaves
/// `io_context::run()`.
void spawn(executor loop, awaitable<void> body);

} // namespace oneloop
