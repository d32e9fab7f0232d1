#pragma once

#include "http_client/answer.hpp"
#include "http_client/file_sink.hpp"
#include "http_client/progress_report.hpp"
#include "http_client/resume.hpp"
#include "http_client/target.hpp"
#include <oneloop/http/download.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace oneloop::http {

/// A download as the user ordered it.
class download_order {
public:
    download_order() = default;
    download_order(std::string where, bool is_directory, download_options o)
        : path(std::move(where)), into(is_directory), options(std::move(o)) {}

    std::string path;
    bool into = false; // the path is a directory's
    download_options options;
};

/// What shows that a body has ended where its sender meant it to.
enum class body_end {
    told,         ///< a length, or chunks
    untold,       ///< nothing but the end of the connection
    told_by_http1 ///< nothing; but chunks would, which this version of HTTP does not have
};

/// One download through all its attempts: what to ask for, what to do with what comes, when it is whole. It
/// stands between the transfer, which brings the bytes, and the sink, which writes them.
class download_job {
public:
    /// No code: the order makes sense, with these fields of the request.
    static failure check(const download_order&, const headers& fields, bool compressed);

    download_job(const executor& loop, const target& url, download_order order, bool own_range);

    file_sink& sink() noexcept { return *sink_; }

    /// From the opened file on: asks for what is not there.
    void opened();
    void begin_attempt();
    /// What the request needs besides its own fields.
    headers fields() const;

    /// The head of an answer is here. False if its body is of no use: it is to be cut off.
    bool look_at(const answer&, const target& from, bool decoded, body_end);
    /// A piece of the body, after look_at(). False if there is no room for it now.
    bool take(std::string_view piece);
    /// ... would be beyond what the file may have.
    bool overruns(std::string_view piece, std::uint64_t most);

    /// An attempt is through, and libcurl has no complaint: is it all? To be asked after look_at().
    failure complete();

    /// Why look_at() or overruns() said so; no code if the same is to be asked for once more, from the
    /// beginning.
    const failure& refusal() const noexcept { return refusal_; }
    bool begins_anew() const noexcept { return use_ == body_use::anew; }
    /// ... over HTTP/1.1.
    bool wants_http1() const noexcept { return http1_; }

    /// Another attempt would go on, or would begin a file of which nothing is there.
    bool may_try_again() const noexcept;

    /// Gives the file its name, if it is one, or stops. `done` is given where it is.
    void store(const headers& of_answer, bool wanted, std::function<void(failure, std::string)> done);
    void when_failed(const std::function<void(failure)>&);
    void abandon();

    std::uint64_t resumed_from() const noexcept { return resumed_from_; }

private:
    file_plan plan_for(const target& url, const download_order&) const;
    bool has_proof() const noexcept;
    void read_whole(const answer&, const std::string& from, bool decoded);
    void read_rest(const answer&);
    void wrong(const std::string& why);
    void tell_progress();

    download_options options_;
    bool into_, own_range_;
    std::shared_ptr<file_sink> sink_;
    std::shared_ptr<progress_report> report_; // null if nobody asked
    part_record record_;                      // of what is there
    std::uint64_t have_ = 0, received_ = 0, resumed_from_ = 0;
    std::optional<std::uint64_t> total_;
    std::optional<rest_request> asked_;
    std::optional<body_use> use_; // of this attempt
    std::uint64_t skip_ = 0;      // bytes that come although they are there
    failure refusal_;
    body_end end_ = body_end::told;
    bool http1_ = false; // where HTTP/2 had no proof of the end
    bool spoilt_ = false, given_up_ = false, from_zero_ = false, begun_ = false;
};

} // namespace oneloop::http
