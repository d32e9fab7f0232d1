// What comes, and what it is good for.

#include "http_client/download_job.hpp"
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

// Of all the bytes being there, besides what the body itself shows.
bool download_job::has_proof() const noexcept {
    return options_.expected_size_ || !options_.sha256_.empty() || options_.accept_unproven_end_;
}

bool download_job::look_at(const answer& a, const target& from, bool decoded, body_end end) {
    if (use_)
        return *use_ != body_use::anew && !refusal_.code();
    const std::string place = sha256::of(without_query(from.shown()));
    use_ = use_of(a.status(), a.headers(), asked_);
    if (use_ == body_use::wrong && own_range_)
        use_ = body_use::whole;
    if (use_ == body_use::rest && record_.from != place)
        use_ = body_use::anew;
    end_ = end;
    if (use_ == body_use::whole && end == body_end::told_by_http1 && !has_proof() && !http1_) {
        http1_ = true;
        use_ = body_use::anew;
        return false;
    }
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
    if (told && *told == have_)
        return {};
    if (!told) {
        if (end_ != body_end::told && !has_proof())
            wrong(
                "nothing proves that the body is whole, as the server told neither its length nor chunks; "
                "download_options::accept_unproven_end takes it as it is"
            );
        return refusal_;
    }
    spoilt_ = use_ == body_use::whole;
    wrong("the file ends after " + std::to_string(have_) + " of " + std::to_string(*told) + " bytes");
    return refusal_;
}

} // namespace oneloop::http
