#include "http_client/download_job.hpp"

#include "http_client/file_name.hpp"
#include "http_client/sha256.hpp"

#include <algorithm>
#include <utility>

namespace oneloop::http {
namespace {

std::string without_query(const std::string& url) {
    return url.substr(0, url.find('?'));
}

bool fits(const std::optional<std::uint64_t>& told, const std::optional<std::uint64_t>& expected) {
    return !told || !expected || *told == *expected;
}

} // namespace

failure download_job::check(const download_order& order, const headers& fields, bool compressed) {
    const auto bad = [](const char* why) { return failure(errc::invalid_argument).because(why); };
    if (order.path.empty() || order.path.find('\0') != std::string::npos)
        return bad("the path of the file is empty, or has a NUL in it"); // which would end it for the system
    if (!order.options.sha256_.empty() && !is_sha256(order.options.sha256_))
        return bad("sha256 takes 64 hexadecimal digits");
    if (order.options.resume_ && (fields.contains("Range") || fields.contains("If-Range")))
        return bad("resume makes the Range field itself");
    if (order.options.resume_ && compressed)
        return bad("a compressed body cannot be resumed");
    return {};
}

download_job::download_job(const executor& loop, const target& url, download_order order, bool own_range)
    : options_(std::move(order.options)),
      into_(order.into),
      own_range_(own_range),
      sink_(std::make_shared<file_sink>(loop, plan_for(url, order))) {
    if (options_.on_progress_)
        report_ = std::make_shared<progress_report>(
            loop, std::move(options_.on_progress_), options_.progress_interval_
        );
}

file_plan download_job::plan_for(const target& url, const download_order& order) const {
    file_plan plan;
    plan.url_key = sha256::of(url.shown());
    plan.resume = options_.resume_;
    plan.sync = options_.sync_;
    plan.sha256 = lower_case(options_.sha256_);
    plan.keep_others = into_;
    if (into_) {
        plan.directory = order.path;
        plan.name = name_from_url(url.shown());
        plan.stem = plan.name + "." + plan.url_key.substr(0, 8); // many URLs end in the same name
    } else {
        const auto slash = order.path.rfind('/');
        if (slash != std::string::npos)
            plan.directory = order.path.substr(0, std::max<std::size_t>(slash, 1));
        plan.stem = plan.name = order.path.substr(slash + 1); // all of it if there is none
    }
    return plan;
}

void download_job::opened() {
    have_ = sink_->found();
    record_ = sink_->found_record();
    begin_attempt();
}

void download_job::begin_attempt() {
    use_.reset();
    refusal_ = {};
    skip_ = 0;
    asked_.reset();
    if (options_.resume_ && !from_zero_)
        asked_ = rest_request::make(have_, record_.version);
}

headers download_job::fields() const {
    headers fields;
    if (asked_) {
        fields.add("Range", asked_->range());
        fields.add("If-Range", asked_->if_range());
    }
    return fields;
}

bool download_job::look_at(const answer& a, const target& from, bool decoded) {
    if (use_)
        return *use_ != body_use::anew && !refusal_.code();
    const std::string place = sha256::of(without_query(from.shown()));
    use_ = use_of(a.status(), a.headers(), asked_);
    if (use_ == body_use::wrong && own_range_)
        use_ = body_use::whole;
    if (use_ == body_use::rest && record_.from != place)
        use_ = body_use::anew;
    switch (*use_) {
        case body_use::whole:
            read_whole(a, place, decoded);
            break;
        case body_use::rest:
            read_rest(a);
            break;
        case body_use::anew:
            from_zero_ = true;
            return false;
        case body_use::wrong:
            wrong("the server sent a part (206), which was not asked for");
            break;
        case body_use::none:
            break;
    }
    return !refusal_.code();
}

void download_job::read_whole(const answer& a, const std::string& from, bool decoded) {
    part_record fresh;
    if (!decoded) // else it is not the bytes of the file that length and version are told of
        fresh.version = file_version::of(a.headers());
    fresh.from = from;
    total_ = fresh.version.total;
    record_ = fresh;
    from_zero_ = false;
    have_ = resumed_from_ = 0;
    begun_ = true;
    if (!fits(total_, options_.expected_size_)) {
        spoilt_ = true;
        return wrong(
            "the file has " + std::to_string(*total_) + " bytes at the server; expected_size is " +
            std::to_string(*options_.expected_size_)
        );
    }
    if (options_.resume_)
        sink_->start_over(std::move(fresh));
}

void download_job::read_rest(const answer& a) {
    total_ = content_range::parse(*a.headers().get("Content-Range"))->total;
    record_.version.total = total_;
    skip_ = have_ - asked_->from();
    if (!std::exchange(begun_, true))
        resumed_from_ = have_;
    if (!fits(total_, options_.expected_size_)) {
        spoilt_ = true;
        wrong("the file has another length at the server than expected_size says");
    }
}

void download_job::wrong(const std::string& why) {
    refusal_ = failure(errc::protocol_violation).because(why);
}

bool download_job::overruns(std::string_view piece, std::uint64_t most) {
    const std::uint64_t size = have_ - skip_ + piece.size();
    const auto& told = total_ ? total_ : options_.expected_size_;
    if (told && size > *told) {
        spoilt_ = true;
        wrong("the file has more than the " + std::to_string(*told) + " bytes that it should have");
        return true;
    }
    return size > most;
}

bool download_job::take(std::string_view piece) {
    if (use_ != body_use::whole && use_ != body_use::rest)
        return true; // dropped
    const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, piece.size()));
    const auto fresh = piece.substr(there);
    if (!fresh.empty() && !sink_->write(fresh))
        return false;
    skip_ -= there;
    have_ += fresh.size();
    received_ += piece.size();
    tell_progress();
    return true;
}

failure download_job::complete() {
    if (refusal_.code() || (use_ != body_use::whole && use_ != body_use::rest))
        return refusal_;
    const auto& told = total_ ? total_ : options_.expected_size_;
    if (!told || *told == have_)
        return {};
    spoilt_ = use_ == body_use::whole;
    wrong("the file ends after " + std::to_string(have_) + " of " + std::to_string(*told) + " bytes");
    return refusal_;
}

bool download_job::may_try_again() const noexcept {
    if (spoilt_ || sink_->failed())
        return false;
    const bool at_work = use_ == body_use::whole || use_ == body_use::rest;
    return !at_work || have_ == 0 || (options_.resume_ && record_.version.provable());
}

void download_job::tell_progress() {
    if (report_)
        report_->changed(have_, total_ ? total_ : options_.expected_size_, received_);
}

void download_job::store(
    const headers& of_answer, bool wanted, std::function<void(failure, std::string)> done
) {
    std::string name;
    if (into_ && options_.server_name_)
        if (const auto given = of_answer.get("Content-Disposition"))
            name = name_from_disposition(*given).value_or("");
    if (!report_ || !wanted)
        return sink_->finish(wanted, std::move(name), std::move(done));
    tell_progress();
    report_->last([sink = sink_, name = std::move(name), done = std::move(done)] {
        sink->finish(true, name, done);
    });
}

void download_job::when_failed(const std::function<void(failure)>& failed) {
    sink_->when_failed(failed);
    if (report_)
        report_->when_failed(failed);
}

void download_job::abandon() {
    if (report_)
        report_->stop();
    sink_->abandon(spoilt_);
}

} // namespace oneloop::http
