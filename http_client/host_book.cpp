#include "http_client/host_book.hpp"

namespace oneloop::http {

client::host_statistics& host_book::of(const std::string& origin) {
    if (const auto known = by_origin_.find(origin); known != by_origin_.end()) {
        by_use_.splice(by_use_.begin(), by_use_, known->second);
        return by_use_.front();
    }
    if (by_use_.size() == most) {
        by_origin_.erase(by_use_.back().origin);
        by_use_.pop_back();
    }
    by_use_.emplace_front().origin = origin;
    by_origin_.emplace(origin, by_use_.begin());
    return by_use_.front();
}

} // namespace oneloop::http
