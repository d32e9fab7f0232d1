#include "http_client/answer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace oneloop::http {
namespace {

// Room for these is made at once.
constexpr std::size_t usual_number_of_fields = 12;

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

    if (head_ended_ && text.starts_with("HTTP/")) {
        begin(text);
    } else if (trimmed(text).empty()) {
        head_ended_ = true;
    } else if (text.front() == ' ' || text.front() == '\t') {
        response_.edit().headers.continue_last(trimmed(text));
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        response_.edit().headers.add_view(trimmed(text.substr(0, colon)), trimmed(text.substr(colon + 1)));
    }
    return true;
}

// A further status line follows an interim answer such as 103: only the last counts.
void answer::begin(std::string_view status_line) {
    http::headers& fields = response_.edit().headers;
    fields.clear();
    fields.reserve(usual_number_of_fields);
    response_.status_ = 0;
    head_ended_ = false;
    const auto space = status_line.find(' ');
    if (space == std::string_view::npos)
        return;
    for (char digit : status_line.substr(space + 1, 3))
        if (digit >= '0' && digit <= '9')
            response_.status_ = response_.status_ * 10 + (digit - '0');
}

void answer::keep(std::string_view piece, std::int64_t expected) {
    // The length is the server's word for it: believed for a megabyte in advance, and for sixteen times what
    // has come when that is full. Growing by doubling would copy a large body twice.
    std::string& body = response_.edit().body;
    if (const std::size_t needed = body.size() + piece.size(); needed > body.capacity()) {
        const auto believed = static_cast<std::int64_t>(std::max(std::size_t{1} << 20, 16 * body.size()));
        const auto ahead = static_cast<std::size_t>(std::clamp<std::int64_t>(expected, 0, believed));
        body.reserve(std::max(ahead, needed));
    }
    body.append(piece);
    count(piece.size());
}

// Two lengths that differ are how one answer is made to look like two (RFC 9112, 6.3); libcurl takes the
// last.
const char* answer::fault() const {
    const auto first = headers().get("content-length");
    for (const auto& [name, length] : headers()) {
        if (!first || !http::headers::same_name(name, "content-length"))
            continue;
        if (length != *first)
            return "the answer has two different Content-Lengths";
        std::int64_t number = 0;
        const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), number);
        if (failed != std::errc() || end != length.data() + length.size() || number < 0)
            return "the Content-Length of the answer is no number";
    }
    return nullptr;
}

bool tells_its_end(const headers& fields) {
    static constexpr std::string_view chunked = "chunked";
    const auto codings = fields.all("transfer-encoding");
    const auto last = codings.empty() ? std::string_view() : codings.back();
    return fields.contains("content-length") ||
           (last.size() >= chunked.size() &&
            headers::same_name(last.substr(last.size() - chunked.size()), chunked));
}

} // namespace oneloop::http
