#include "http_client/tracer.hpp"

#include "core/words.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <utility>

namespace oneloop::http {

void tracer::note(trace_event e) {
    events_.push_back(std::move(e));
    if (events_.size() == 1)
        boost::asio::post(loop_, [self = shared_from_this()] { self->tell(); });
}

void tracer::tell() {
    for (const auto& each : std::exchange(events_, {})) {
        if (told_)
            told_(each);
        if (log_ && each.what == trace_event::step::done)
            log_(log_line(each));
    }
}

std::string_view to_string(trace_event::step what) noexcept {
    static constexpr std::array<std::string_view, 8> names{"queued",    "resolving",  "connecting", "sent",
                                                           "answering", "redirected", "repeated",   "done"};
    return names[static_cast<std::size_t>(what)];
}

namespace {

std::string milliseconds(std::chrono::steady_clock::duration d) {
    return std::to_string(std::chrono::round<std::chrono::milliseconds>(d).count());
}

std::string without_query(const std::string& url) {
    const auto query = url.find('?');
    return query == url.npos ? url : url.substr(0, query) + "?…";
}

} // namespace

std::string log_line(const trace_event& done) {
    std::string line = done.method + " " + without_query(done.url);
    if (done.why.code())
        line = failure(done.why).doing(line).message();
    else
        line += " -> " + std::to_string(done.status) + ", " + in_words(done.bytes);
    const auto& t = done.times;
    line += " in " + milliseconds(t.total) + " ms (queue " + milliseconds(t.queue) + ", resolve " +
            milliseconds(t.resolve) + ", connect " + milliseconds(t.connect) + ", tls " +
            milliseconds(t.tls) + ", first byte " + milliseconds(t.first_byte) + ", receive " +
            milliseconds(t.receive) + " ms";
    if (done.attempt > 1)
        line += "; attempt " + std::to_string(done.attempt);
    if (!done.address.empty())
        line += "; " + done.address;
    return line + ")";
}

} // namespace oneloop::http
