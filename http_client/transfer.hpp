#pragma once

#include "core/deadline_timer.hpp"
#include "http_client/admission.hpp"
#include "http_client/answer.hpp"
#include "http_client/body_feed.hpp"
#include "http_client/body_pipe.hpp"
#include "http_client/connection_setup.hpp"
#include "http_client/download_job.hpp"
#include "http_client/easy.hpp"
#include "http_client/multi.hpp"
#include "http_client/phase_limits.hpp"
#include "http_client/retries.hpp"
#include "http_client/target.hpp"
#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/detail/wait_list.hpp>
#include <oneloop/http/request.hpp>
#include <oneloop/http/response.hpp>
#include <oneloop/http/transport.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/address.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oneloop::http {

using response_handler = oneloop::detail::completion<response>;

/// One request from its acceptance to its answer: what it asks for, where it stands, what has come so far.
/// The engine moves it on; libcurl fills it through the callbacks.
class transfer final : public oneloop::detail::pending,
                       public admission::ticket,
                       public deadline_timer::entry {
public:
    using clock = deadline::clock;

    transfer(
        const executor& loop, std::shared_ptr<oneloop::detail::pending_registry>, target, request&&,
        const client_options&, const connection_setup&, response_handler
    );

    void abandon() noexcept override {
        auto dies_here = std::move(handler);
        if (pipe)
            pipe->abandon();
    }

    /// The failure's story so far: what was being done, in which phase, and what became of this attempt.
    failure tell(failure why) const;

    /// What is the same for every request that a handle will serve.
    static void set_up(easy&, const client_options&, const connection_setup&);

    /// Where large bodies get their memory from.
    void use(std::shared_ptr<body_memory> memory) { answer_.use(std::move(memory)); }

    /// Whether it goes through the client's proxy, which is then what is looked up and dialled.
    bool is_proxied() const { return connection_.proxy.leads_to(url); }

    /// The host to dial: its name, and its address where it is written as one. A unix socket has neither.
    const std::string& dialled_host() const { return is_proxied() ? connection_.proxy.host() : url.host(); }
    std::optional<boost::asio::ip::address> dialled_literal() const;

    /// What our resolver would refuse is refused here where it is not asked; and as a proxy looks up the
    /// server's name itself, what can be seen in the name alone is judged. No code: it may be asked.
    failure refuse_unseen() const;

    /// Takes those off the list that the guard does not let pass. A failure if none is left.
    failure keep_allowed_addresses();

    /// What is this request's own, for one attempt at one address.
    void prepare(std::unique_ptr<easy> handle, multi&, const boost::asio::ip::address& at);

    /// What libcurl's verdict means. No code: the answer is whole.
    failure verdict(CURLcode code) const;

    /// Where the attempt stands, TLS told apart from connecting.
    oneloop::phase where() const;

    /// A pinned address that did not answer costs nothing: no byte of the request was sent.
    bool may_try_next_address(CURLcode code) const noexcept;

    /// The answer says that the request is to be sent elsewhere, and it may be. go_on() makes it the request
    /// that is sent next; its code says why it must not be.
    bool is_redirected() const noexcept;
    std::size_t most_redirects() const noexcept;
    failure go_on();

    /// An attempt has ended with `why`, or with a status that is told as one. The pause before the next one,
    /// nothing if there is none. last_word() makes it the failure of the whole request: the policy's word on
    /// it, and what became of the attempts before.
    std::optional<duration> pause_after(const failure& why) noexcept;
    std::optional<failure> bad_status() const;
    failure last_word(failure why) const;
    void begin_again();

    /// A file that is being downloaded: whether all of it is here, after verdict() had no complaint.
    failure file_verdict();
    void stored_at(std::string path) { stored_at_ = std::move(path); }

    response take_answer();
    bool answer_is_wanted() const noexcept { return answer_.ok(); }
    // For those who look on

    const std::string& method() const noexcept { return method_; }
    int status() const noexcept { return answer_.status(); }
    std::uint64_t bytes_of_body() const noexcept { return answer_.body_size(); }
    bool has_connected() const noexcept { return request_begun_; }
    bool reused_connection() const;
    std::string peer_address() const;
    response::timing times() const;
    /// The request goes out now, and not the rest of it.
    bool goes_out() const noexcept;

    // In place of libcurl's callbacks

    wire_request wire() const;
    void begin_exchange();
    /// False if the answer is refused, which verdict() tells.
    bool take_head(const wire_answer&);
    /// Nothing if there is no room for it now.
    std::optional<bool> take_body(std::string_view piece);
    void refuse(failure why) { refusal_ = std::move(why); }

    const headers& fields_of_answer() const noexcept { return answer_.headers(); }
    std::unique_ptr<easy> release_handle() noexcept {
        if (easy_)
            easy_->last_body = answer_.body_size(), easy_->serves = nullptr;
        return std::move(easy_);
    }
    easy* handle_in_use() const noexcept { return easy_.get(); }

    target url;
    const request_options options;
    response_handler handler;
    phase_limits limits;
    boost::asio::cancellation_signal look_up; // ends the name look-up
    failure look_up_story;
    std::vector<boost::asio::ip::address> addresses;
    std::size_t next_address = 0;
    std::size_t attempts = 0; // that were given up for the next: what was asked for them counts no more
    std::unique_ptr<download_job> file; // where the body goes; in memory
    std::shared_ptr<body_pipe> pipe;    // if neither
    std::shared_ptr<body_feed> feed;    // where the body of the request comes from, if it is made meanwhile
    std::function<void()> phase_begun;  // a new limit may come before the one that was waited for
    std::shared_ptr<oneloop::detail::child> exchange; // with a transport of the program's own
    std::shared_ptr<oneloop::detail::wait_list> room; // is told when the body may go on
    std::uint64_t number = 0;
    std::size_t place = 0; // among the engine's
    bool file_is_open = false, finished = false;

private:
    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_read(char* to, std::size_t, std::size_t room, void* self);
    static int on_seek(void* self, curl_off_t to, int whence);
    static int on_request(void* self, char*, char*, int, int);
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
    static CURLcode on_handshake(CURL*, void* context, void* self);
    void enter(oneloop::phase);
    clock::time_point now() const;
    void repeat_on_a_new_connection();
    bool guards_against(const curl_sockaddr&);
    static failure forbidden(const char* host, const char* which = "host");
    bool has_no_body() const;
    bool tells_where_it_ends() const;
    bool is_over_http2() const;
    failure refused_by_proxy(long status) const;
    void set_own_cookies(easy&) const;

    // What the callbacks give back to end the transfer
    static constexpr std::size_t refused = 0;

    template <class Callback>
    std::size_t unless_it_throws(Callback callback, std::size_t otherwise) noexcept;
    std::size_t header(std::string_view line);
    std::size_t body(std::string_view piece);
    std::size_t give(char* to, std::size_t room);
    bool sends_in_pieces() const noexcept;
    bool look_at_file();
    bool is_too_much(std::string_view piece);
    timeouts limits_of(const client_options&) const;
    void collect_fields();
    const std::optional<retry_policy>& policy() const;
    std::optional<duration> pause_by_policy(const failure& why);
    bool may_be_repeated() const;
    bool head_may_be_the_last() const;
    void give_head();
    bool take_piece(std::string_view piece);
    std::uint64_t most_of_body() const;
    response described(response) const;
    void set_method(easy&) const;
    void set_fields(easy&) const;
    bool wants_compression() const;
    bool has_expanded_too_far() const;

    const client_options& defaults_;
    const connection_setup& connection_;
    std::string method_;
    http::body body_;
    headers fields_; // of the request, the client's own among them
    std::vector<std::string> redirected_from_;
    bool left_origin_ = false;
    std::optional<retry_course> course_; // from the first failure on
    std::unique_ptr<easy> easy_;
    answer answer_;
    std::string stored_at_;
    failure refusal_;                                        // why we ended it from inside a callback
    oneloop::outcome outcome_ = oneloop::outcome::not_sent;  // of this attempt
    oneloop::outcome acted_on_ = oneloop::outcome::not_sent; // of those before it
    multi* driver_ = nullptr;                                // of this attempt
    curl_socket_t socket_ = CURL_SOCKET_BAD;                 // that is being connected
    int no_socket_ = 0;                                      // why there is none: an errno
    std::size_t sent_ = 0;                                   // of a body in memory that is sent in pieces
    bool request_begun_ = false;
    bool asked_who_ = false;   // by a 401, and has not said it yet
    bool seen_enough_ = false; // of a body that nobody wants
};

} // namespace oneloop::http
