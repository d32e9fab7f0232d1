#pragma once

#include <oneloop/error.hpp>
#include <oneloop/http/response.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace oneloop::http {

/// One step of one request, for whoever looks on: see `client_options::trace`.
class trace_event {
public:
    enum class step {
        queued,     ///< accepted; it waits for a place
        resolving,  ///< it has a place, and looks up its host
        connecting, ///< `address` is tried, or a connection to it used again
        securing,   ///< connected: the TLS handshake with the server begins
        sent,       ///< the request goes out; `reused`, `times.connect` and `times.tls` are known
        answering,  ///< the first byte of an answer is here
        redirected, ///< `status` sends it elsewhere; what comes next is about that URL
        repeated,   ///< it is tried again after a pause, because of `why`
        done        ///< `status`, `bytes` and `times`; or `why`, if it failed
    };

    trace_event() = default;

    std::uint64_t request = 0; ///< its number, counted by the client from 1
    std::size_t attempt = 1;   ///< counted from 1; redirects count as well
    step what = step::queued;
    std::chrono::steady_clock::time_point at{};
    std::string method, url; ///< without user name and password
    std::string address;     ///< where it is known
    bool reused = false;
    int status = 0;
    std::uint64_t bytes = 0; ///< of the body
    response::timing times;
    failure why;
};

std::string_view to_string(trace_event::step) noexcept;

/// One line about a request that is done, for a log: method, URL, status, size and times; or the failure. Of
/// the URL's query no more than that there is one: it may hold a key. Control characters, wherever they come
/// from, are shown as "\n", "\r" and "\x1b", so that it is one line always.
///
///     GET https://example.org/a?… -> 200, 12.5 KiB in 35 ms (queue 0, resolve 1, connect 10, tls 12, first
///     byte 10, receive 2 ms; 192.0.2.7)
std::string log_line(const trace_event& done);

/// Called on the client's loop, some turns after what it is told of, in the order of the events; never from
/// inside an operation. The last events come after the client's own end: what it refers to must outlive the
/// client by some turns of the loop. It must not throw.
using trace_function = std::function<void(const trace_event&)>;

} // namespace oneloop::http
