#pragma once

/// The one place where coroutines are started as children of another: gather, task groups, timeout, run and
/// the other combinators are built on it. All of it belongs to one executor, on which everything here must be
/// called.

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/wait_list.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <memory>

namespace oneloop::detail {

class nursery;

/// Whom a child's failure concerns.
enum class failing {
    ends_all,  ///< the other children are cancelled, and join() throws it
    stays_here ///< only the child's own `on_end` is told
};

/// One coroutine with a cancellation signal of its own.
class child {
public:
    using end_function = std::function<void(std::exception_ptr)>;

    child(awaitable<void> body, end_function on_end) : body_(std::move(body)), on_end_(std::move(on_end)) {}

    /// A child that has not begun ends without having run, and without waiting for a place.
    void cancel();

private:
    friend class nursery;

    awaitable<void> body_;
    end_function on_end_;
    boost::asio::cancellation_signal signal_;
    std::weak_ptr<nursery> home_;
    std::list<std::shared_ptr<child>>::iterator place_;
    bool started_ = false;
    bool bounded_ = true;
    failing failing_ = failing::ends_all;
    bool cancel_requested_ = false;
};

/// Children that run at once, up to a bound; the first that fails cancels the others.
class nursery : public std::enable_shared_from_this<nursery> {
public:
    static constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

    nursery(executor loop, std::size_t bound)
        : loop_(std::move(loop)), bound_(bound ? bound : 1), empty_(std::make_shared<wait_list>(loop_)) {}

    /// Begins on the next turn of the loop, or when the bound leaves room. `on_end` is called with what it
    /// threw, also when it was cancelled before it began.
    std::shared_ptr<child> start(
        awaitable<void> body, child::end_function on_end = nullptr, failing whose = failing::ends_all
    );

    /// Starts a child that takes no place: the body of a group, which waits for the others.
    void start_beside(awaitable<void> body, child::end_function on_end = nullptr);

    /// Asked for the next child whenever there is room: calls start() and gives true, or false when nothing
    /// is left.
    void supply(std::function<bool()> next) { next_ = std::move(next); }

    void cancel();

    /// The same, but children that were told already are not told again: a second cancellation would
    /// interrupt what they still do on their way out.
    void cancel_rest();

    /// A failure that stayed with its child and that nobody has asked for: ends nobody, but join() throws it
    /// if nothing else has failed.
    void failed_unseen(std::exception_ptr why) noexcept;

    const executor& loop() const noexcept { return loop_; }

    /// Waits until every child has ended, and throws what the first that failed threw. Cancelling this wait
    /// cancels the children and goes on waiting for them, so nothing they refer to dies before them.
    ///
    /// `shielded`: the cancellation does not reach the children, and is not thrown; the coroutine that waits
    /// stays cancelled.
    static awaitable<void> join(std::shared_ptr<nursery> self, bool shielded = false);

private:
    friend class child;
    struct scope;

    void begin(std::shared_ptr<child> c);
    void end_waiting(child& c);
    void ended(child& c, std::exception_ptr why);
    void failed(std::exception_ptr why);
    void refill();

    executor loop_;
    std::size_t bound_;
    std::size_t places_taken_ = 0;
    std::list<std::shared_ptr<child>> running_;
    std::deque<std::shared_ptr<child>> waiting_;
    std::function<bool()> next_;
    std::shared_ptr<wait_list> empty_;
    std::weak_ptr<scope> scope_;
    std::exception_ptr first_failure_, unseen_failure_;
    bool cancelled_ = false;
};

} // namespace oneloop::detail
