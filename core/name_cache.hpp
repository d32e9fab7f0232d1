#pragma once

#include <oneloop/deadline.hpp>
#include <oneloop/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace oneloop {

/// What was answered to a name, for as long as it is good. Has no clock: every call is told the time.
class name_cache {
public:
    using clock = deadline::clock;

    struct answer {
        error_code why; ///< why there is no address
        std::vector<boost::asio::ip::address> addresses;
    };

    explicit name_cache(std::size_t max_names) : max_names_(max_names) {}

    /// Takes the place of an older answer. One that may not be kept (`ttl` of 0 or less) removes the older
    /// one only.
    void put(std::string name, answer what, clock::duration ttl, clock::time_point now) {
        if (const auto old = by_name_.find(name); old != by_name_.end())
            remove(old->second);
        if (ttl <= clock::duration::zero() || max_names_ == 0)
            return;
        if (by_use_.size() >= max_names_)
            remove(std::prev(by_use_.end()));
        by_use_.push_front(entry{std::move(name), std::move(what), deadline::after(now, ttl)});
        by_name_.emplace(by_use_.front().name, by_use_.begin());
    }

    /// Null if nothing good is known. The pointer is good until the next call.
    const answer* find(std::string_view name, clock::time_point now) {
        const auto known = by_name_.find(name);
        if (known == by_name_.end())
            return nullptr;
        if (known->second->good_until.passed(now)) {
            remove(known->second);
            return nullptr;
        }
        by_use_.splice(by_use_.begin(), by_use_, known->second);
        return &by_use_.front().what;
    }

    std::size_t size() const noexcept { return by_use_.size(); }

    void clear() noexcept {
        by_name_.clear();
        by_use_.clear();
    }

private:
    struct entry {
        std::string name;
        answer what;
        deadline good_until;
    };
    using place = std::list<entry>::iterator;

    void remove(place which) {
        by_name_.erase(which->name);
        by_use_.erase(which);
    }

    std::size_t max_names_;
    std::list<entry> by_use_;                             // the one used last comes first
    std::unordered_map<std::string_view, place> by_name_; // views of the names in the list
};

} // namespace oneloop
