#include "core/virtual_time.hpp"
#include <oneloop/blocking.hpp>
#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>

#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace oneloop {
namespace detail {

namespace asio = boost::asio;

// Where the thread that runs the call, the caller who may cancel and the context that may end meet.
class blocking_operation final : public pending {
public:
    blocking_operation(executor loop, std::shared_ptr<blocking_call> call, completion<> done)
        : pending(pending_registry::of(loop)),
          loop_(std::move(loop)),
          call_(std::move(call)),
          done_(std::move(done)) {}

    void cancel() {
        if (auto handler = take_handler())
            handler.fail(cancelled());
    }
    void abandon() noexcept override { auto dies_unlocked = take_handler(); }

    void run() {
        {
            std::lock_guard lock(mutex_);
            if (!done_)
                return; // nobody waits any more
        }
        call_->run();
        // Under the lock the context cannot die between the question and the post. The handler itself, with
        // its cancellation slot, is touched on the loop only.
        std::lock_guard lock(mutex_);
        if (done_)
            asio::post(loop_, [self = shared_from_this(), this] {
                if (auto handler = take_handler())
                    handler.succeed_here();
            });
    }
    asio::cancellation_slot slot() const noexcept { return done_.slot(); }
    void refuse(failure why) { take_handler().fail(std::move(why)); }

private:
    completion<> take_handler() {
        std::lock_guard lock(mutex_);
        at_work_.reset();
        return std::move(done_);
    }

    executor loop_;
    virtual_time::hold at_work_ = virtual_time::stop(); // while somebody waits
    std::mutex mutex_;
    std::shared_ptr<blocking_call> call_;
    completion<> done_;
};

class blocking_engine {
public:
    blocking_engine(std::size_t threads, std::size_t queue_limit)
        : threads_(std::max<std::size_t>(threads, 1)), queue_limit_(queue_limit) {}

    // False when the queue is full.
    bool accept(std::shared_ptr<blocking_operation> operation) {
        auto& threads = pool(); // throws if the system has no thread left
        if (unfinished_.fetch_add(1) >= threads_ + queue_limit_) {
            --unfinished_;
            return false;
        }
        asio::post(threads, [this, operation = std::move(operation)]() mutable {
            ++running_;
            operation->run();
            operation.reset(); // what the call owned dies before it is counted as done
            --running_;
            --unfinished_;
        });
        return true;
    }

    blocking_pool::statistics stats() const {
        const std::size_t running = running_, unfinished = unfinished_;
        return {threads_, running, unfinished > running ? unfinished - running : 0};
    }
    std::size_t queue_limit() const noexcept { return queue_limit_; }

    void join() {
        std::call_once(started_, [] {});
        if (pool_)
            pool_->join();
    }

private:
    asio::thread_pool& pool() {
        std::call_once(started_, [this] { pool_ = std::make_unique<asio::thread_pool>(threads_); });
        return *pool_;
    }

    const std::size_t threads_, queue_limit_;
    std::atomic<std::size_t> unfinished_ = 0, running_ = 0;
    std::once_flag started_;
    std::unique_ptr<asio::thread_pool> pool_;
};

namespace {

using start_function =
    void (*)(const std::shared_ptr<blocking_engine>&, completion<>, const executor&, std::shared_ptr<blocking_call>);

void start_call(
    const std::shared_ptr<blocking_engine>& engine, completion<> done, const executor& loop,
    std::shared_ptr<blocking_call> call
) {
    auto operation = std::make_shared<blocking_operation>(loop, std::move(call), std::move(done));
    if (auto link = cancel_link::connect(operation->slot(), loop)) {
        operation->listen_to(link);
        link->when_requested([weak = std::weak_ptr(operation)] {
            if (const auto alive = weak.lock())
                alive->cancel();
        });
    }
    if (!engine->accept(operation))
        operation->refuse(failure(errc::queue_full)
                              .in(phase::queue)
                              .limit("queue_limit " + std::to_string(engine->queue_limit()))
                              .doing("run_blocking"));
}

auto call_operation(
    const std::shared_ptr<blocking_engine>& engine, executor loop, std::shared_ptr<blocking_call> call
) {
    throwing_t token;
    return asio::async_initiate<throwing_t, void(error_code)>(
        initiation<blocking_engine, start_function>(loop, engine, &start_call), token, loop, std::move(call)
    );
}

} // namespace
} // namespace detail

blocking_pool::blocking_pool(std::size_t threads, std::size_t queue_limit)
    : engine_(std::make_shared<detail::blocking_engine>(threads, queue_limit)) {}

blocking_pool::~blocking_pool() {
    engine_->join();
}

blocking_pool::statistics blocking_pool::stats() const {
    return engine_->stats();
}

blocking_pool& default_pool() {
    static blocking_pool pool(
        std::min<std::size_t>(32, 4 + 4 * std::max(1U, std::thread::hardware_concurrency()))
    );
    return pool;
}

awaitable<void> run_on(blocking_pool& pool, std::shared_ptr<detail::blocking_call> call) {
    auto engine = pool.engine_;
    auto loop = co_await this_coro::executor;
    co_await detail::call_operation(engine, loop, std::move(call));
}

} // namespace oneloop
