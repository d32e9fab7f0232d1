#pragma once

#include "tests/support/tcp_server.hpp"

#include <charconv>
#include <string>
#include <string_view>

namespace oneloop::testing {

/// A request with the body that its Content-Length announces, for `script::expect`.
inline std::size_t whole_request(std::string_view read) {
    const auto head = read.find("\r\n\r\n");
    if (head == read.npos)
        return 0;
    std::size_t body = 0;
    if (const auto at = read.find("Content-Length: "); at < head)
        std::from_chars(read.data() + at + 16, read.data() + head, body);
    return read.size() >= head + 4 + body ? head + 4 + body : 0;
}

/// Answers "ok" to all that comes.
inline script answers() {
    return script().expect(whole_request).send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").repeat();
}

inline std::string last(const tcp_server& server) {
    return server.requests().back().bytes;
}

} // namespace oneloop::testing
