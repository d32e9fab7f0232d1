#pragma once

#include "tests/support/dns_reply.hpp"

#include <optional>
#include <string>

namespace oneloop::testing {

// Types of questions
inline constexpr int type_a = 1, type_aaaa = 28;

class dns_question {
public:
    std::string id, name;
    int type = 0;
};

std::optional<dns_question> parse_dns_question(const std::string& packet);

/// The messages that answer a question: as told, "too long, ask over TCP", a lie.
std::string encode(const dns_question&, const dns_reply&);
std::string encode_truncated(const dns_question&);
std::string encode_lie(dns_question, dns_lie);

} // namespace oneloop::testing
