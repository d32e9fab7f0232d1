// What is ordered, what is asked for, and how it ends. What comes is looked at in download_answer.cpp.

#include "http_client/download_job.hpp"

#include "http_client/file_name.hpp"
#include "http_client/sha256.hpp"

#include <algorithm>
#include <utility>

namespace oneloop::http {
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

bool download_job::may_try_again() const noexcept {
    if (spoilt_ || given_up_ || sink_->failed())
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
        report_->when_failed([this, failed](failure why) {
            given_up_ = true; // by the user's own function: whatever rule there is, that is the end
            failed(std::move(why));
        });
}

void download_job::abandon() {
    if (report_)
        report_->stop();
    sink_->abandon(spoilt_);
}

} // namespace oneloop::http
