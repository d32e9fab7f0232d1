#pragma once

#include "http_client/directory.hpp"
#include "http_client/part_record.hpp"
#include "http_client/sha256.hpp"
#include <oneloop/error.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace oneloop::http {

/// Where a file is to be, and how it gets there.
class file_plan {
public:
    file_plan() = default;

    std::string directory, name;
    std::string stem;    // of the part's name
    std::string url_key; // of what is asked for
    std::string sha256;  // lower case; empty for any
    bool resume = false, sync = true;
    bool keep_others = false; // another file of that name stays, and a number is added to ours

    std::string path() const;
};

/// A file that is being written beside the one it is to become. Every function blocks: call them on a
/// blocking pool, one at a time. An object that dies unfinished stops.
///
/// With `resume` the part has a name that does not change, and a record beside it, which is locked as long as
/// this works on the part: whoever else comes is refused. The lock is not on the part, because that gets
/// another name in the end.
class part_file {
public:
    explicit part_file(file_plan plan) : plan_(std::move(plan)) {}
    ~part_file() {
        plan_.sync = false; // it may be on the loop by then, if the pool took no more calls
        stop();
    }
    part_file(const part_file&) = delete;
    part_file& operator=(const part_file&) = delete;

    /// May be called again after EBUSY.
    failure open();

    /// Bytes that can be gone on from, after open(), and of which version they are.
    std::uint64_t size() const noexcept { return size_; }
    const part_record& record() const noexcept { return record_; }

    /// Takes some more of what is there into the hash; false when there is no more. To be called until then
    /// before anything is written.
    bool hash_more(failure& why);

    /// Away with what is there: what comes now is of another version.
    failure start_over(part_record of);
    failure write(std::string_view bytes);

    /// Gives the file its name in one step; whatever had that name before is gone then, and not earlier.
    failure commit(std::string name);
    std::string path() const { return plan_.path(); } // of the file, after commit() as it has become

    /// No more will come: what can be gone on from stays, all else is removed.
    void stop() noexcept;
    void discard() noexcept;

private:
    failure open_new();
    failure open_kept();
    failure lock_record();
    failure check_hash();
    failure flush();
    failure take_name();
    failure cannot(const char* what, const error_code& why) const;
    error_code write_record();
    void close() noexcept;

    file_plan plan_;
    directory directory_;
    std::string part_, info_;
    int fd_ = -1, info_fd_ = -1;
    part_record record_;
    std::uint64_t size_ = 0, hashed_ = 0;
    std::optional<http::sha256> hash_;
    bool untouched_ = true; // as it was found
};

} // namespace oneloop::http
