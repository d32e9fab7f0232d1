#pragma once

#include <oneloop/awaitable.hpp>
#include <oneloop/http/trace.hpp>

#include <memory>
#include <vector>

namespace oneloop::http {

/// Hands events to whoever looks on, on a turn of their own: they happen inside of libcurl, and where the
/// engine is halfway through a change.
class tracer : public std::enable_shared_from_this<tracer> {
public:
    using log_function = std::function<void(const std::string&)>;

    /// Either may be empty.
    tracer(executor loop, trace_function told, log_function log)
        : loop_(std::move(loop)), told_(std::move(told)), log_(std::move(log)) {}

    void note(trace_event e);

private:
    void tell();

    executor loop_;
    trace_function told_;
    log_function log_;
    std::vector<trace_event> events_;
};

} // namespace oneloop::http
