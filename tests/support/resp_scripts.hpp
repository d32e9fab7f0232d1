#pragma once

/// What servers of Redis send, and what only rude ones do, for tcp_server:
///
///     tcp_server server(script().expect(resp::command).send(resp::bulk("value")).repeat());

#include "tests/support/tcp_server.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace oneloop::testing::resp {

/// One command of a client: `script().expect(resp::command)`.
inline std::size_t command(std::string_view read) {
    std::size_t at = 0;
    // The number in the line at `at`, which is left behind; -1 if the line has not come to its end.
    auto number = [&] {
        const auto end = read.find("\r\n", at);
        if (end == read.npos)
            return -1L;
        const long n = std::stol(std::string(read.substr(at + 1, end - at - 1)));
        at = end + 2;
        return n;
    };
    for (long left = number(); left != 0; --left) {
        const long length = left < 0 ? -1 : number();
        if (length < 0 || read.size() < at + static_cast<std::size_t>(length) + 2)
            return 0;
        at += static_cast<std::size_t>(length) + 2;
    }
    return at;
}

// --- answers that are as they should be -----------------------------------------------------------------

inline std::string status(const std::string& text = "OK") {
    return "+" + text + "\r\n";
}
inline std::string error(const std::string& text) {
    return "-" + text + "\r\n";
}
inline std::string integer(long long n) {
    return ":" + std::to_string(n) + "\r\n";
}
inline std::string bulk(const std::string& bytes) {
    return "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
}
inline std::string nil() {
    return "$-1\r\n";
}
inline std::string nil_array() {
    return "*-1\r\n";
}
/// Of answers.
inline std::string array(const std::vector<std::string>& elements) {
    std::string all = "*" + std::to_string(elements.size()) + "\r\n";
    for (const auto& element : elements)
        all += element;
    return all;
}

// --- and as they should not -----------------------------------------------------------------------------

/// Arrays within one another; a client of RESP2 may give up at the eighth.
inline std::string nested(int depth = 9) {
    std::string all = nil();
    while (depth-- > 0)
        all = array({all});
    return all;
}
inline std::string huge_array() {
    return "*2147483647\r\n";
}
inline std::string huge_bulk() {
    return "$9000000000000000000\r\n";
}
/// RESP3, which nobody asked for.
inline std::string map() {
    return "%1\r\n" + status("key") + status("value");
}
inline std::string wrong_type() {
    return "?what\r\n";
}
inline std::string half(const std::string& answer) {
    return answer.substr(0, answer.size() / 2);
}

/// Every command gets this answer.
inline script answers(const std::string& answer) {
    return script().expect(command).send(answer).repeat();
}
/// An answer before there was a question.
inline script unasked_at_once(const std::string& answer = status()) {
    return script().send(answer).hang();
}
/// Two answers to each question, at once.
inline script unasked_after(const std::string& answer, const std::string& unasked = status()) {
    return script().expect(command).send(answer + unasked).repeat();
}
inline script half_then_close(const std::string& answer) {
    return script().expect(command).send(half(answer));
}
inline script byte_by_byte(const std::string& answer) {
    return script().expect(command).send_slowly(answer).repeat();
}
inline script endless_line() {
    return script().expect(command).send("+").flood(std::string(64 * 1024, 'x'));
}
/// An array that never has its last element.
inline script endless_array() {
    std::string elements;
    for (int i = 0; i < 1000; ++i)
        elements += integer(i);
    return script().expect(command).send(huge_array()).flood(elements);
}

} // namespace oneloop::testing::resp
