#pragma once

#include <oneloop/http/headers.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oneloop::http {

/// What a 206 says that it brings (RFC 9110, 14.4).
class content_range {
public:
    /// Nothing for what is no range of bytes, or makes no sense.
    static std::optional<content_range> parse(std::string_view value);

    std::uint64_t first = 0, last = 0;
    std::optional<std::uint64_t> total; // nothing for "*"
};

/// What proves that two answers are of the same bytes.
class file_version {
public:
    file_version() = default;

    /// Of the fields of a 200 or a 206. A weak ETag, and a Last-Modified that is too young for a change
    /// within its second to be ruled out, prove nothing and are left out.
    static file_version of(const headers&);

    bool provable() const noexcept { return !etag.empty() || !last_modified.empty(); }
    const std::string& if_range() const noexcept { return etag.empty() ? last_modified : etag; }

    std::string etag, last_modified;
    std::optional<std::uint64_t> total; // bytes of the whole
};

/// The end of what is there already, and the question for what is missing.
class rest_request {
public:
    /// `have` bytes of `version` are there. Nothing if the rest cannot be asked for safely.
    static std::optional<rest_request> make(std::uint64_t have, const file_version& version);

    /// Where the answer has to begin. One byte before the end where all may be there already: an answer to
    /// that proves the version, which a 416 does not.
    std::uint64_t from() const noexcept { return from_; }
    std::string range() const { return "bytes=" + std::to_string(from_) + "-"; }
    const std::string& if_range() const noexcept { return version_.if_range(); }

    /// The fields of a 206 are an answer to just this. If not, `why` says it.
    bool answered_by(const headers&, const char** why) const;

private:
    std::uint64_t from_ = 0;
    file_version version_;
};

/// What to do with the body of an answer to a download.
enum class body_use {
    whole, ///< it is the file
    rest,  ///< it is the end of the file, from rest_request::from() on
    none,  ///< it is no file: an error of the server
    anew,  ///< it is no use: the same again, without a range
    wrong  ///< a part that nobody asked for
};
body_use use_of(int status, const headers&, const std::optional<rest_request>& asked);

/// Bytes of the whole body that the head tells; nothing if it does not, or if Transfer-Encoding overrules it.
std::optional<std::uint64_t> told_length(const headers&);

} // namespace oneloop::http
