#include "http_client/resume.hpp"

#include "http_client/curl_include.hpp"

#include <charconv>

namespace oneloop::http {
namespace {

std::optional<std::uint64_t> number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || value > INT64_MAX)
        return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

bool skip(std::string_view& text, char c) {
    if (!text.starts_with(c))
        return false;
    text.remove_prefix(1);
    return true;
}

// RFC 9110, 8.8.3: a quoted string of visible characters. One with a control character cannot be sent back.
bool is_strong_etag(std::string_view tag) {
    if (tag.size() < 3 || tag.size() > 1024 || tag.front() != '"' || tag.back() != '"')
        return false;
    for (const char c : tag.substr(1, tag.size() - 2))
        if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == 0x7f)
            return false;
    return true;
}

// RFC 9110, 8.8.2.2: a file can change twice within a second. A minute, because the two clocks may differ.
bool is_strong_date(std::string_view modified, std::optional<std::string_view> now) {
    if (!now || modified.size() > 64)
        return false;
    const auto then = curl_getdate(std::string(modified).c_str(), nullptr);
    const auto date = curl_getdate(std::string(*now).c_str(), nullptr);
    return then >= 0 && date >= 0 && date - then >= 60;
}

// A field that is there twice, differently, says nothing.
std::optional<std::string_view> only(const headers& fields, std::string_view name) {
    const auto all = fields.all(name);
    for (const auto value : all)
        if (value != all.front())
            return {};
    return all.empty() ? std::nullopt : std::optional(all.front());
}

} // namespace

std::optional<content_range> content_range::parse(std::string_view value) {
    content_range range;
    if (value.size() < 6 || !headers::same_name(value.substr(0, 6), "bytes "))
        return {};
    value.remove_prefix(6);
    const auto first = number(value);
    if (!first || !skip(value, '-'))
        return {};
    const auto last = number(value);
    if (!last || *last < *first || !skip(value, '/'))
        return {};
    range.first = *first;
    range.last = *last;
    if (value == "*")
        return range;
    range.total = number(value);
    if (!range.total || !value.empty() || *range.total <= range.last)
        return {};
    return range;
}

std::optional<std::uint64_t> told_length(const headers& fields) {
    if (fields.contains("Transfer-Encoding"))
        return {};
    auto text = only(fields, "Content-Length").value_or("");
    const auto length = number(text);
    return text.empty() ? length : std::nullopt;
}

file_version file_version::of(const headers& fields) {
    file_version v;
    if (const auto tag = only(fields, "ETag"); tag && is_strong_etag(*tag))
        v.etag = *tag;
    const auto modified = only(fields, "Last-Modified");
    if (modified && !fields.contains("ETag") && is_strong_date(*modified, only(fields, "Date")))
        v.last_modified = *modified;
    v.total = told_length(fields);
    return v;
}

std::optional<rest_request> rest_request::make(std::uint64_t have, const file_version& version) {
    if (have == 0 || !version.provable() || (version.total && have > *version.total))
        return {};
    rest_request asked;
    const bool maybe_all = !version.total || have == *version.total;
    asked.from_ = maybe_all ? have - 1 : have;
    asked.version_ = version;
    return asked;
}

bool rest_request::answered_by(const headers& fields, const char** why) const {
    const auto told = only(fields, "Content-Range");
    const auto range = told ? content_range::parse(*told) : std::nullopt;
    const auto length = told_length(fields);
    if (!range || range->first != from_)
        return *why = "it does not begin where it was asked to", false;
    if (!range->total || (version_.total && *range->total != *version_.total))
        return *why = "it is not of a file of the same length", false;
    if (length && *length != range->last - range->first + 1)
        return *why = "its length is not that of its range", false;
    if (version_.etag.empty() ? only(fields, "Last-Modified") != version_.last_modified
                              : only(fields, "ETag") != version_.etag)
        return *why = "it does not show that it is of the same version", false;
    return true;
}

body_use use_of(int status, const headers& fields, const std::optional<rest_request>& asked) {
    const char* why = nullptr;
    if (status == 206 && !asked)
        return body_use::wrong;
    if (status == 206)
        return asked->answered_by(fields, &why) ? body_use::rest : body_use::anew;
    if (status == 416 && asked)
        return body_use::anew;
    return status >= 200 && status < 300 ? body_use::whole : body_use::none;
}

} // namespace oneloop::http
