#include "http_client/part_record.hpp"

#include "http_client/sha256.hpp"

#include <algorithm>
#include <charconv>

namespace oneloop::http {
namespace {

constexpr std::string_view heading = "oneloop download 1\n";

std::string checksum(std::string_view text) {
    return "end " + sha256::of(text).substr(0, 16) + "\n";
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

} // namespace

std::string part_record::text() const {
    std::string all(heading);
    const auto line = [&all](const char* name, const std::string& value) {
        if (!value.empty())
            all.append(name).append(" ").append(value).append("\n");
    };
    line("url", url);
    line("from", from);
    line("etag", version.etag);
    line("modified", version.last_modified);
    if (version.total)
        line("total", std::to_string(*version.total));
    line("boot", boot);
    line("synced", std::to_string(synced));
    return all + checksum(all);
}

std::optional<part_record> part_record::parse(std::string_view text) {
    const auto end = text.rfind("end ");
    if (!text.starts_with(heading) || end == text.npos || text.substr(end) != checksum(text.substr(0, end)))
        return {};
    text = text.substr(heading.size(), end - heading.size());
    part_record r;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto blank = std::min(line.find(' '), line.size());
        const auto name = line.substr(0, blank), value = line.substr(std::min(blank + 1, line.size()));
        if (name == "url")
            r.url = value;
        else if (name == "from")
            r.from = value;
        else if (name == "etag")
            r.version.etag = value;
        else if (name == "modified")
            r.version.last_modified = value;
        else if (name == "total")
            r.version.total = number(value);
        else if (name == "boot")
            r.boot = value;
        else if (name == "synced")
            r.synced = number(value).value_or(0);
    }
    return r;
}

std::uint64_t part_record::usable(std::uint64_t size, std::string_view url_key, std::string_view now) const {
    if (url != url_key || !version.provable() || (version.total && size > *version.total))
        return 0;
    return !boot.empty() && boot == now ? size : std::min(size, synced);
}

} // namespace oneloop::http
