#pragma once

#include <oneloop/http/client.hpp>

#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace oneloop::http {

/// What has become of the requests to each host: of the last thousand that were asked, so that a crawler does
/// not collect all there are.
class host_book {
public:
    static constexpr std::size_t most = 1000;

    /// What is counted there; valid until the next call.
    client::host_statistics& of(const std::string& origin);

    bool knows(const std::string& origin) const { return by_origin_.contains(origin); }

    /// The last that was asked comes first.
    std::vector<client::host_statistics> all() const { return {by_use_.begin(), by_use_.end()}; }

private:
    std::list<client::host_statistics> by_use_;
    std::unordered_map<std::string, std::list<client::host_statistics>::iterator> by_origin_;
};

} // namespace oneloop::http
