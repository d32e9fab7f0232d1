#include "http_client/tracer.hpp"

#include "core/words.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <string_view>
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
    static constexpr std::array<std::string_view, 9> names{"queued",     "resolving", "connecting",
                                                           "securing",   "sent",      "answering",
                                                           "redirected", "repeated",  "done"};
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

// How many bytes at the beginning begin a line, tell a terminal what to do or turn the direction of text:
// control characters, and in UTF-8 those of U+0080-9F, U+2028-202E and U+2066-2069.
std::size_t harmful(std::string_view text) {
    const auto from_to = [&](std::size_t at, unsigned first, unsigned last) {
        const auto byte = at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
        return byte >= first && byte <= last;
    };
    if (from_to(0, 0, ' ' - 1) || from_to(0, 0x7f, 0x7f))
        return 1;
    if (from_to(0, 0xc2, 0xc2) && from_to(1, 0x80, 0x9f))
        return 2;
    const bool third = text.starts_with("\xe2\x80") ? from_to(2, 0xa8, 0xae)
                                                    : text.starts_with("\xe2\x81") && from_to(2, 0xa6, 0xa9);
    return third ? 3 : 0;
}

std::string escaped(char c) {
    static constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    return c == '\n'   ? "\\n"
           : c == '\r' ? "\\r"
                       : std::string{'\\', 'x', digits[byte >> 4], digits[byte & 15]};
}

// Many had a hand in the text of a failure: the caller's source and paths, the server, its certificate.
std::string on_one_line(std::string_view text) {
    std::string line;
    while (!text.empty()) {
        const std::size_t bad = harmful(text), size = std::max<std::size_t>(bad, 1);
        for (const char c : text.substr(0, size))
            line += bad ? escaped(c) : std::string(1, c);
        text.remove_prefix(size);
    }
    return line;
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
    return on_one_line(line + ")");
}

} // namespace oneloop::http
