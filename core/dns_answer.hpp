#pragma once

#include <oneloop/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace oneloop {

/// What came of one question, or of all questions about one name.
struct dns_answer {
    error_code code;    ///< of resolver_category(), or of the system
    std::string reason; ///< in words, where the code alone does not tell
    std::vector<boost::asio::ip::address> addresses;
    bool no_such_name = false; ///< a server said that the name does not exist
    bool no_address = false;   ///< a server said that it exists, and has no such address
    bool gave_up = false;      ///< no server answered in the time that c-ares gives each
    bool incomplete = false;   ///< an answer about the other family may be missing
    /// For how long it is good, by the servers' word. None for a negative answer without a SOA record.
    std::optional<std::chrono::steady_clock::duration> ttl;

    bool negative() const noexcept { return no_such_name || no_address; }
};

/// Why there is no answer, in words for those who do not know DNS by heart.
std::string dns_reason(const dns_answer&);

/// Answers that are known without a server.
dns_answer no_such_name();
dns_answer no_address();

} // namespace oneloop
