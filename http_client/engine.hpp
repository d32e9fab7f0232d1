#pragma once

#include "core/deadline_timer.hpp"
#include "http_client/admission.hpp"
#include "http_client/connection_setup.hpp"
#include "http_client/host_book.hpp"
#include "http_client/kept_targets.hpp"
#include "http_client/multi.hpp"
#include "http_client/tracer.hpp"
#include "http_client/transfer.hpp"
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/http/client.hpp>
#include <oneloop/resolver.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oneloop::http {

/// The client's inside. A request passes through it in the order of these functions: accept, pump, begin,
/// look_up, attempt, ended (and, redirected, go_on to pump), finish. Everything here runs on the loop; the
/// public client dispatches to it.
class engine : public std::enable_shared_from_this<engine> {
public:
    engine(executor loop, client_options options);

    /// Null if it goes no further: its handler is called all the same.
    std::shared_ptr<transfer>
    accept(request&&, std::optional<download_order>, response_handler, std::shared_ptr<oneloop::detail::cancel_link>);
    void cancel(const std::shared_ptr<transfer>&);
    void accept(request&&, body_pipe::head_handler, std::shared_ptr<oneloop::detail::cancel_link>);
    void close(oneloop::detail::completion<>, std::shared_ptr<oneloop::detail::cancel_link>);

    /// The client is gone: whatever is pending completes with errc::closed.
    void shut_down();

    const executor& loop() const noexcept { return loop_; }
    client::statistics stats() const noexcept;
    std::vector<client::host_statistics> stats_by_host() const;
    std::vector<cookie> cookies() const;
    void clear_cookies();

private:
    using transfer_ptr = std::shared_ptr<transfer>;

    result<target> target_of(const request&);
    result<target> take_apart(const request&);
    void admit(const transfer_ptr&, std::shared_ptr<oneloop::detail::cancel_link>);
    void connect(const transfer_ptr&);
    void pump();
    void begin(const transfer_ptr&);
    void open_file(const transfer_ptr&);
    void look_up(const transfer_ptr&);
    void attempt(const transfer_ptr&);
    void exchange(const transfer_ptr&);
    static awaitable<void>
        play(std::weak_ptr<engine>, std::shared_ptr<oneloop::detail::nursery>, transfer_ptr, std::shared_ptr<transport>);
    void ended(easy&, CURLcode);
    void judge(const transfer_ptr&, CURLcode);
    void go_on(const transfer_ptr&);
    void go_out(const transfer_ptr&, const std::string& before);
    void send_anew(const transfer_ptr&);
    bool try_again(const transfer_ptr&, const failure&);
    void store(const transfer_ptr&);
    void finish(const transfer_ptr&, failure);
    static void deliver(transfer&, failure, response);
    void resume(transfer&);

    void end_attempt(transfer&);
    void stop(transfer&);
    void leave(transfer&);
    void count(transfer&, const failure&, const response&);
    void note(const transfer& t, trace_event::step what) {
        note(t, what, [](trace_event&) {});
    }
    template <class More>
    void note(const transfer& t, trace_event::step what, More more) {
        if (tracer_)
            trace(t, what, more);
    }
    void trace(const transfer&, trace_event::step, const std::function<void(trace_event&)>& more);
    void note_phase(const transfer&);
    void let_go();
    void told_if_drained();
    void enter(transfer&, phase);
    deadline check_limits(deadline_timer::entry&);
    void rest_soon();
    void count_idle_turn();
    std::unique_ptr<easy> take_handle();

    executor loop_;
    std::shared_ptr<resolver> resolver_;
    std::optional<target> base_;
    kept_targets kept_targets_;
    const client_options
        options_; // without the resolver: the engine may outlive the loop, a resolver may not
    const connection_setup connection_;
    std::shared_ptr<oneloop::detail::pending_registry> registry_;
    admission admission_;
    std::shared_ptr<multi> multi_;
    std::optional<deadline_timer> deadlines_;
    deadline_timer::entry next_turn_;     // of a host that rests
    std::vector<transfer_ptr> transfers_; // each knows its place
    std::vector<std::unique_ptr<easy>> idle_handles_;
    retry_budget budget_;
    std::shared_ptr<body_memory> bodies_ = std::make_shared<body_memory>();
    host_book hosts_;
    std::shared_ptr<tracer> tracer_;                      // null if nobody looks on
    std::shared_ptr<oneloop::detail::nursery> exchanges_; // with a transport of the program's own
    std::shared_ptr<oneloop::detail::wait_list> closers_;
    std::size_t files_at_work_ = 0; // some may still be removed when their request is over
    std::uint64_t completed_ = 0, failed_ = 0, retried_ = 0, accepted_ = 0;
    bool closing_ = false, gone_ = false, rest_pending_ = false, pumping_ = false;
    int idle_turns_ = 0;
    bool tells_here_ = false;  // nothing but the loop is below us on the stack
    bool asks_policy_ = false; // the rule of the program's own, from inside a request
};

} // namespace oneloop::http
