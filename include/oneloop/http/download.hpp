#pragma once

#include <oneloop/http/options.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace oneloop::http {

/// How far a download has come.
class download_progress {
public:
    download_progress() = default;

    /// Bytes of the file that are here, those of an earlier attempt or call included.
    std::uint64_t bytes() const noexcept { return bytes_; }
    /// Bytes of the whole file; nothing if neither the server nor `expected_size` says so.
    std::optional<std::uint64_t> total() const noexcept { return total_; }
    /// Bytes per second that come from the network, smoothed over some three seconds; what was there before
    /// does not count. 0 until that can be told.
    double rate() const noexcept { return rate_; }

private:
    friend class progress_meter;

    std::uint64_t bytes_ = 0;
    std::optional<std::uint64_t> total_;
    double rate_ = 0;
};

/// Options of a download, for `client::download` and `client::download_into`:
/// `co_await http.download(url, path, http::download_options().resume().sha256(hex))`. Options of a request
/// will do in their place where nothing of this is asked for.
class download_options {
public:
    download_options() = default;
    download_options(request_options o) : request_(std::move(o)) {}

    /// Header fields, limits of time, retries and the like.
    download_options& request(request_options o) { return request_ = std::move(o), *this; }
    const request_options& request() const noexcept { return request_; }

    /// Goes on where an earlier call, or attempt, to the same path stopped (off).
    ///
    /// The body goes to `path` + ".part", and what proves its version to `path` + ".part.info". (Names that
    /// would be too long for a file are shortened.) Both stay when the download fails or is cancelled, and
    /// the next call asks for the rest only; with `request_options::retry` so does the next attempt. They go
    /// when the file is complete, when it turns out to be wrong (`sha256`, `expected_size`), and when the
    /// server gave nothing by which to know the version again.
    ///
    /// Two versions are never joined: the rest is asked for with If-Range, and taken only if the answer
    /// (206) begins where it was asked to, tells the same length, and shows the same ETag, which must be a
    /// strong one, or without any the same Last-Modified, which must have been a minute old (RFC 9110,
    /// 13.1.5); and if it comes from the same place, but for the query, where redirects led before. In all
    /// other cases the file is fetched from its beginning, with a second request if need be. After a crash of
    /// the machine only that part is used which was known to be on the disk.
    ///
    /// While a download works on a part, another with `resume` to the same path, from this process or any
    /// other on this machine, fails with `condition::file` ("another download is writing") when it has waited
    /// for a second. (A download that was cancelled lets go of its part a moment later.) A ".part" file that
    /// is not ours is not touched: that fails with `condition::file`, too.
    ///
    /// The body is asked for as it is, without compression; `request_options::compressed(true)` or a Range
    /// field of one's own together with `resume` is `condition::argument`.
    download_options& resume(bool yes = true) { return resume_ = yes, *this; }

    /// The SHA-256 that the whole file must have, in 64 hexadecimal digits; anything else is
    /// `condition::argument`, and nothing is sent. A file that has another fails with `condition::protocol`
    /// before it gets its name, and is removed with all that could be resumed.
    download_options& sha256(std::string hex) { return sha256_ = std::move(hex), *this; }

    /// Bytes that the whole file must have. Told otherwise by the server, or once there is one byte too many,
    /// or too few at the end, the download fails with `condition::protocol`. (Against the length that the
    /// server tells the file is always checked; bytes that a server sends beyond the Content-Length are no
    /// part of its answer and are not looked at.)
    download_options& expected_size(std::uint64_t bytes) { return expected_size_ = bytes, *this; }

    /// A body whose end nothing proves becomes the file all the same (off).
    ///
    /// Where the server tells neither a Content-Length nor chunks, as some of HTTP/1.0 do, the body ends with
    /// the connection, and one that was cut off looks like one that is whole. Unless `sha256` or
    /// `expected_size` proves it, such a download fails with `condition::protocol` when it is through, and
    /// there is no file; with `resume` the part stays, and the next call, which asks for its last byte, is
    /// told the length. HTTP/2 has no chunks, and libcurl takes some bodies that were aborted there for
    /// whole: what comes without a Content-Length is left, and asked for once more over HTTP/1.1.
    download_options& accept_unproven_end(bool yes = true) { return accept_unproven_end_ = yes, *this; }

    /// Forces the data to the disk before the file gets its name, and its name after that (on): when the
    /// download has completed, the file outlives a loss of power. Off, it may be missing, empty or full of
    /// zeros then.
    download_options& sync(bool yes) { return sync_ = yes, *this; }

    /// Called on the client's loop while bytes come: at most once in a `progress_interval`, which is 100 ms,
    /// and once when the last byte is here, before the file gets its name. Not called any more when the
    /// download has ended otherwise.
    ///
    /// It may cancel the download and destroy the client. An exception from it fails the download: with its
    /// code if it is a `system_error` (such as `oneloop::error`), else with `condition::argument`; the text
    /// is told.
    download_options& on_progress(std::function<void(const download_progress&)> f) {
        return on_progress_ = std::move(f), *this;
    }
    /// Less than a millisecond counts as one.
    download_options& progress_interval(duration d) { return progress_interval_ = d, *this; }

    /// For `download_into`: the name may come from the server's Content-Disposition field (off). It is made
    /// harmless like any other, but the server chooses it.
    download_options& server_name(bool yes = true) { return server_name_ = yes, *this; }

private:
    friend class engine;
    friend class download_job;

    request_options request_;
    std::string sha256_;
    std::optional<std::uint64_t> expected_size_;
    std::function<void(const download_progress&)> on_progress_;
    duration progress_interval_ = std::chrono::milliseconds(100);
    bool resume_ = false, sync_ = true, server_name_ = false, accept_unproven_end_ = false;
};

/// The name that `client::download_into` gives the file of this URL, where there is none of that name yet.
std::string file_name_of(std::string_view url);

} // namespace oneloop::http
