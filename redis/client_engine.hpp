#pragma once

#include "redis/link.hpp"
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/redis/client.hpp>

namespace oneloop::redis {

/// The inside of a client: one link at a time, a new one when it is lost and somebody needs it. Everything
/// but the constructor runs on the loop.
class client_engine final : public detail::target, public std::enable_shared_from_this<client_engine> {
public:
    client_engine(executor loop, options);

    void
    submit(const std::shared_ptr<detail::value_operation>&, request, const std::shared_ptr<oneloop::detail::cancel_link>&)
        override;
    const executor& loop() const noexcept override { return loop_; }

    void close(oneloop::detail::completion<>, std::shared_ptr<oneloop::detail::cancel_link>);
    void shut_down() noexcept;
    client::statistics stats() const noexcept;

private:
    void connect();
    void connected(failure);
    void judge_lost();
    void told_if_closed();

    executor loop_;
    std::shared_ptr<resolver> resolver_;
    std::shared_ptr<const options> options_; // without the resolver, which may not outlive the loop
    std::shared_ptr<link> link_;
    backoff retry_;
    deadline next_attempt_ = deadline(deadline::clock::time_point::min());
    failure last_error_; // of connecting
    std::shared_ptr<oneloop::detail::wait_list> closers_;
    std::uint64_t answered_ = 0, connects_ = 0, failed_connects_ = 0;
    bool connected_ = false, closing_ = false, gone_ = false;
};

} // namespace oneloop::redis
