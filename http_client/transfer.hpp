#pragma once

#include "http_client/admission.hpp"
#include "http_client/answer.hpp"
#include "http_client/easy.hpp"
#include "http_client/file_sink.hpp"
#include "http_client/multi.hpp"
#include "http_client/phase_limits.hpp"
#include "http_client/retries.hpp"
#include "http_client/target.hpp"
#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/http/request.hpp>
#include <oneloop/http/response.hpp>

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
class transfer final : public oneloop::detail::pending, public admission::ticket {
public:
    using clock = deadline::clock;

    transfer(
        std::shared_ptr<oneloop::detail::pending_registry>, target, request, const client_options&,
        response_handler
    );

    void abandon() noexcept override { auto dies_here = std::move(handler); }

    /// The failure's story so far: what was being done, in which phase, and what became of it.
    failure tell(failure why) const;

    /// What is the same for every request that a handle will serve.
    static void set_up(easy&, const client_options&);

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
    /// nothing if there is none; the policy's word on the failure is taken in last_word().
    std::optional<duration> pause_after(const failure& why);
    std::optional<failure> bad_status() const;
    failure last_word(failure why) const;
    void begin_again();

    response take_answer();
    bool answer_is_wanted() const noexcept { return answer_.ok(); }
    std::unique_ptr<easy> release_handle() noexcept {
        easy_->last_body = answer_.body_size();
        return std::move(easy_);
    }
    CURL* handle_in_use() const noexcept { return easy_ ? easy_->handle() : nullptr; }

    target url;
    const request_options options;
    response_handler handler;
    phase_limits limits;
    boost::asio::cancellation_signal look_up; // ends the name look-up
    failure look_up_story;
    std::vector<boost::asio::ip::address> addresses;
    std::size_t next_address = 0;
    std::size_t attempts = 0; // that were given up for the next: what was asked for them counts no more
    std::shared_ptr<file_sink> file;
    std::function<void()> phase_begun; // a new limit may come before the one that was waited for
    bool file_is_open = false, finished = false;

private:
    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
    static int on_request(void* self, char*, char*, int, int);
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
    void enter(oneloop::phase);
    bool guards_against(const curl_sockaddr&);
    static failure forbidden(const char* host);

    // What the callbacks give back to end the transfer
    static constexpr std::size_t refused = 0;

    template <class Callback>
    std::size_t unless_it_throws(Callback callback, std::size_t otherwise) noexcept;
    std::size_t header(std::string_view line);
    std::size_t body(std::string_view piece);
    timeouts limits_of(const client_options&) const;
    void collect_fields();
    void set_method(easy&) const;
    void set_fields(easy&) const;
    bool wants_compression() const;
    bool has_expanded_too_far() const;
    void note_times(response::timing&) const;

    const client_options& defaults_;
    std::string method_;
    http::body body_;
    headers fields_; // of the request, the client's own among them
    std::vector<std::string> redirected_from_;
    bool left_origin_ = false;
    std::optional<retry_course> course_; // from the first failure on
    std::unique_ptr<easy> easy_;
    answer answer_;
    failure refusal_; // why we ended it from inside a callback
    oneloop::outcome outcome_ = oneloop::outcome::not_sent;
    multi* driver_ = nullptr;                // of this attempt
    curl_socket_t socket_ = CURL_SOCKET_BAD; // that is being connected
    int no_socket_ = 0;                      // why there is none: an errno
    bool request_begun_ = false;
    bool seen_enough_ = false; // of a body that nobody wants
};

} // namespace oneloop::http
