#include "http_client/answer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace oneloop::http {
namespace {

// Room for these is made at once.
constexpr std::size_t usual_number_of_fields = 12, usual_bytes_of_fields = 768;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

} // namespace

bool answer::line(std::string_view text) {
    if (text.size() > header_bytes_left_)
        return false;
    header_bytes_left_ -= text.size();

    const std::string_view line = trimmed(text);
    // What comes behind the body is a trailer, whatever it looks like
    if (head_ended_ && text.starts_with("HTTP/") && body_size() == 0) {
        begin(text);
    } else if (line.empty()) {
        head_ended_ = true;
    } else if (line.data() != text.data()) { // it begins with a blank
        response_.edit().headers.continue_last(line);
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        add(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
    return true;
}

void answer::add(std::string_view name, std::string_view value) {
    if (headers::same_name(name, "content-length")) {
        check_length(value);
        has_length_ = true;
    } else if (headers::same_name(name, "transfer-encoding")) {
        // The last of them all decides, whatever Content-Length says (RFC 9112, 6.3)
        const auto last = trimmed(value.substr(value.find_last_of(',') + 1));
        chunked_ = headers::same_name(last, "chunked");
    }
    response_.edit().headers.add_view(name, value);
}

// Two lengths that differ are how one answer is made to look like two (RFC 9112, 6.3); libcurl takes the
// last.
void answer::check_length(std::string_view length) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), number);
    if (failed != std::errc() || end != length.data() + length.size() || number < 0)
        fault_ = "the Content-Length of the answer is no number";
    else if (const auto first = headers().get("content-length"); first && *first != length)
        fault_ = "the answer has two different Content-Lengths";
}

// A further status line follows an interim answer such as 103: only the last counts.
void answer::begin(std::string_view status_line) {
    http::headers& fields = response_.edit().headers;
    fields.clear();
    fields.reserve(usual_number_of_fields, usual_bytes_of_fields);
    response_.status_ = 0;
    head_ended_ = has_length_ = false;
    chunked_.reset();
    fault_ = nullptr;
    const auto space = status_line.find(' ');
    if (space == std::string_view::npos)
        return;
    for (char digit : status_line.substr(space + 1, 3))
        if (digit >= '0' && digit <= '9')
            response_.status_ = response_.status_ * 10 + (digit - '0');
}

void answer::keep(std::string_view piece, std::int64_t expected) {
    std::string& body = response_.edit().body;
    if (const std::size_t needed = body.size() + piece.size(); needed > body.capacity())
        make_room(needed, expected);
    body.append(piece);
    count(piece.size());
}

void answer::make_room(std::size_t needed, std::int64_t expected) {
    std::string& body = response_.edit().body;
    const auto announced = static_cast<std::size_t>(std::max<std::int64_t>(expected, 0));
    if (memory_ && std::max(announced, needed) >= body_memory::worth_keeping) {
        response_.edit().memory = memory_;
        if (auto used = memory_->take(std::max(announced, needed)); used.capacity() >= needed) {
            used = body;
            return body.swap(used);
        }
    }
    // The length is the server's word for it: believed for a megabyte in advance, and for sixteen times what
    // has come when that is full. Growing by doubling would copy a large body twice.
    const std::size_t believed = std::max(std::size_t{1} << 20, 16 * body.size());
    http::make_room(body, std::max(std::min(announced, believed), needed));
}

} // namespace oneloop::http
