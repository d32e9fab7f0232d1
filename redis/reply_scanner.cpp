#include "redis/reply_scanner.hpp"

#include "core/words.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace oneloop::redis {

namespace {

// As hiredis reads numbers: digits, perhaps a minus, nothing else, no zeros in front.
std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return {};
    if (std::to_string(number).size() != text.size())
        return {};
    return number;
}

} // namespace

reply_scanner::fault reply_scanner::scan(std::string_view bytes) {
    while (!bytes.empty()) {
        fault found = fault::none;
        if (where_ == state::type) {
            found = begin(bytes.front());
            bytes.remove_prefix(1);
        } else if (where_ == state::body) {
            if (body_left_ > 2) {
                const auto skipped = std::min<std::uint64_t>(body_left_ - 2, bytes.size());
                bytes.remove_prefix(skipped);
                body_left_ -= skipped;
                continue;
            }
            if (bytes.front() != (body_left_ == 2 ? '\r' : '\n')) // hiredis would not mind
                return wrong("a text of another length than it said");
            bytes.remove_prefix(1);
            if (--body_left_ == 0)
                found = item_done();
        } else {
            const auto end = bytes.find('\n');
            const auto piece = bytes.substr(0, end);
            if (line_.size() + piece.size() > max_line)
                return wrong("a line of more than 64 KiB");
            line_ += piece;
            if (end == bytes.npos)
                return fault::none;
            bytes.remove_prefix(end + 1);
            found = end_of_line();
        }
        if (found != fault::none)
            return found;
    }
    return fault::none;
}

reply_scanner::fault reply_scanner::begin(char type) {
    type_ = type;
    line_.clear();
    if (open_.empty()) {
        weight_ = 0;
        if (owed_ == 0) {
            // An error is waited for to its end: its text says why the server is about to hang up
            where_ = state::unasked;
            return type == '-' ? fault::none : (problem_.clear(), fault::unasked);
        }
    }
    if (std::string_view("+-:$*").find(type) == std::string_view::npos)
        return wrong("a reply that begins with '" + printable({&type, 1}) + "'");
    where_ = state::line;
    return charge(part_weight);
}

reply_scanner::fault reply_scanner::end_of_line() {
    if (!line_.ends_with('\r')) {
        if (where_ != state::unasked)
            return wrong("a line that does not end with CR LF");
        line_ += '\n';
        return fault::none;
    }
    line_.pop_back();
    if (where_ == state::unasked) {
        problem_ = printable(line_);
        return fault::unasked;
    }
    if (const fault f = charge(line_.size()); f != fault::none)
        return f;
    if (type_ == '+' || type_ == '-') {
        // The protocol forbids it and hiredis refuses it from 1.1 on; with 0.14 it is no different
        if (line_.find('\r') != std::string::npos)
            return wrong("a carriage return within a line");
        return item_done();
    }
    const auto number = number_in(line_);
    if (!number)
        return wrong("'" + printable(line_) + "' in place of a number");
    if (type_ == '*' && open_.size() == max_depth) // hiredis says so even of an empty one
        return wrong("arrays in one another, more than " + std::to_string(max_depth) + " deep");
    if (type_ == ':' || *number == -1)
        return item_done();
    if (*number < -1)
        return wrong("a negative length");
    const auto length = static_cast<std::uint64_t>(*number);
    if (type_ == '$') {
        where_ = state::body;
        body_left_ = length + 2;
        return charge(length);
    }
    if (length == 0)
        return item_done();
    if (length > max_reply_ / part_weight) // hiredis may take memory for all of them at once
        return too_large();
    open_.push_back(length);
    where_ = state::type;
    return fault::none;
}

reply_scanner::fault reply_scanner::item_done() {
    where_ = state::type;
    while (!open_.empty()) {
        if (--open_.back() > 0)
            return fault::none;
        open_.pop_back();
    }
    --owed_;
    return fault::none;
}

reply_scanner::fault reply_scanner::charge(std::uint64_t bytes) {
    if (bytes > max_reply_ - weight_)
        return too_large();
    weight_ += bytes;
    return fault::none;
}

reply_scanner::fault reply_scanner::too_large() {
    problem_ = "the reply is larger than max_reply";
    return fault::too_large;
}

reply_scanner::fault reply_scanner::wrong(std::string what) {
    problem_ = "the server sent " + std::move(what);
    return fault::protocol;
}

} // namespace oneloop::redis
